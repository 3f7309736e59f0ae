import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { run } from './api.ts';

interface Ready {
  url: string;
  kubeconfig: string;
  controllerKubeconfig: string;
}

it('serves until it is asked to end, and takes its kubeconfigs with it', async () => {
  const ready = Promise.withResolvers<Ready>();
  const asked = Promise.withResolvers<undefined>();
  const exit = run({
    args: [],
    env: {},
    platform: 'linux',
    print: () => undefined,
    complain: () => undefined,
    write: () => undefined,
    terminal: false,
    columns: () => Infinity,
    ended: asked.promise,
    tell: (message) => ready.resolve((message as { ready: Ready }).ready),
  });
  const { url, kubeconfig, controllerKubeconfig } = await ready.promise;
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect([kubeconfig, controllerKubeconfig].map((file) => existsSync(file))).toEqual([true, true]);
  asked.resolve(undefined);
  expect(await exit).toBe(0);
  expect([kubeconfig, controllerKubeconfig].map((file) => existsSync(dirname(file)))).toEqual([false, false]);
  await expect(fetch(url)).rejects.toThrow();
});
