import { beforeEach, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { RESOURCES } from '../../../api/resources.ts';
import { ObjectWorld } from '../../../test/support/apply-writes.ts';
import { serviceProfile, trafficSplit } from '../../../test/support/linkerd.ts';
import { ApiError } from '../proxy/api-client.ts';
import { SmiExtension } from './smi-extension.ts';

const PROFILE = 'web.shop.svc.cluster.local';
let world: ObjectWorld;
let extension: SmiExtension;

/** An API that writes to `world`; the extension sees the objects there. */
beforeEach(() => {
  world = new ObjectWorld();
  extension = new SmiExtension({
    client: {
      create: (_path, object) => {
        world.apply({ verb: 'create', object: object as KubeObject });
        return Promise.resolve(object as KubeObject);
      },
      patch: (path, _type, body) => {
        const name = path.split('/').at(-1) ?? '';
        const ref = { resource: RESOURCES.serviceProfiles, namespace: 'shop', name };
        world.apply({ verb: 'mergePatch', ref, patch: body as JsonObject });
        return Promise.resolve(world.get('ServiceProfile', name)!);
      },
    },
    splits: { all: () => world.list('TrafficSplit') },
    profiles: { get: (_namespace, name) => world.get('ServiceProfile', name) },
  });
});

const overrides = () => world.get('ServiceProfile', PROFILE)?.spec?.['dstOverrides'];

it('makes the profile of the apex and follows the weights', async () => {
  for (const canary of [5, 50]) {
    world.put(trafficSplit('split', 'web', { web: 100 - canary, 'web-canary': canary }));
    await extension.sync();
    expect(overrides()).toEqual([
      { authority: PROFILE, weight: String(100 - canary) },
      { authority: 'web-canary.shop.svc.cluster.local', weight: String(canary) },
    ]);
  }
});

it('takes its overrides out of a profile of the user when the split goes, and nothing else', async () => {
  const users = { ...serviceProfile('web'), spec: { routes: [{ name: 'GET' }] } };
  world.put(users);
  world.put(trafficSplit('split', 'web', { web: 95, 'web-canary': 5 }));
  await extension.sync();
  expect(overrides()).toHaveLength(2);
  world.remove('TrafficSplit', 'split');
  await extension.sync();
  expect(world.get('ServiceProfile', PROFILE)?.spec).toEqual(users.spec);
});

it('leaves a profile alone that is marked so', async () => {
  const marked = serviceProfile('web');
  world.put({ ...marked, metadata: { ...marked.metadata, annotations: { 'smi.linkerd.io/skip': '' } } });
  world.put(trafficSplit('split', 'web', { web: 95, 'web-canary': 5 }));
  await extension.sync();
  expect(overrides()).toEqual([]);
});

it('survives a profile that has come meanwhile, and tells of every other failure', async () => {
  const failing = (code: number) =>
    new SmiExtension({
      client: {
        create: () => Promise.reject(new ApiError(code, 'no')),
        patch: () => Promise.reject(new ApiError(code, 'no')),
      },
      splits: { all: () => [trafficSplit('split', 'web', { web: 1 })] },
      profiles: { get: () => undefined },
    });
  await expect(failing(409).sync()).resolves.toBeUndefined();
  await expect(failing(403).sync()).rejects.toThrow('no');
});
