import { expect, it } from 'vitest';
import type { JsonPatchOp, KubeObject } from '../../api/kube.ts';
import type { Json } from '../../lib/json.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { recordingIo } from '../../test/support/cli.ts';
import { aRelease, aStatus } from '../../test/support/release.ts';
import { ScriptedTransport } from '../../test/support/scripted-transport.ts';
import { askForRestart } from './restart.ts';

const target = (annotations: Record<string, string>): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', namespace: 'default', uid: 'u', annotations },
  spec: { paused: true, template: { metadata: { labels: { app: 'shop' } }, spec: {} } },
});

async function asked(object: KubeObject, releases: Release[] = []) {
  const io = recordingIo();
  const patches: JsonPatchOp[][] = [];
  const transport = new ScriptedTransport(({ method, path, body }) => {
    if (method === 'PATCH') patches.push(body as JsonPatchOp[]);
    if (!path.includes('/releases')) return { status: 200, body: object as unknown as Json };
    const items = releases as unknown as Json;
    return { status: 200, body: { kind: 'ReleaseList', metadata: { resourceVersion: '1' }, items } };
  });
  const resources = Object.values(RESOURCES);
  const client = new KubeClient({ transport, clock: io.clock, fieldManager: 'sluice', resources });
  const code = await askForRestart(io, { client, namespace: 'default' }, { name: 'shop' });
  return { code, patch: patches[0], io };
}

const OPTED_IN = { 'sluice.dev/policy': 'default' };

it('a restart is written as kubectl rollout restart would, to the Deployment that was looked at', async () => {
  const { code, patch } = await asked(target(OPTED_IN));
  expect(code).toBe(0);
  expect(patch).toEqual([
    { op: 'test', path: '/metadata/uid', value: 'u' },
    {
      op: 'add',
      path: '/spec/template/metadata/annotations',
      value: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' },
    },
  ]);
});

it('a restart in mid-release says that it waits for the end', async () => {
  const { code, io } = await asked(target(OPTED_IN), [
    aRelease({ status: aStatus({ phase: 'Progressing' }) }),
  ]);
  expect(code).toBe(0);
  expect(io.printed.join()).toContain('release shop-2 is under way; stable pods are restarted after it');
});

it('a restart of what is not opted in is left to kubectl', async () => {
  const { code, patch, io } = await asked(target({}));
  expect(code).toBe(1);
  expect(patch).toBeUndefined();
  expect(io.complained.join()).toContain('kubectl rollout restart');
});
