import { readFileSync, readdirSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { JsonObject, KubeObject, ObjectRef } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isInvalid } from '../../kube/errors.ts';
import { startApi } from '../support/api.ts';
import { aRelease, aStatus } from '../support/release.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const root = new URL('../../manifests/', import.meta.url);
const load = (folder: string): KubeObject[] =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(new URL(folder + name, root), 'utf8')))
    .map((document) => document.toJS() as KubeObject);

let client: KubeClient;
beforeEach(async () => {
  ({ client } = await startApi(new VirtualClock()));
});

const shop: ObjectRef = { resource: RESOURCES.releases, namespace: 'default', name: 'shop-2' };
const fresh = (): KubeObject => {
  const { apiVersion, kind, metadata, spec } = aRelease({});
  const { name, namespace, labels = {} } = metadata;
  return JSON.parse(
    JSON.stringify({ apiVersion, kind, metadata: { name, namespace, labels }, spec }),
  ) as KubeObject;
};

describe('the CRDs on an API server', () => {
  it.each(load('samples/').map((sample) => ({ kind: sample.kind, sample })))(
    'take the sample $kind',
    async ({ sample }) => {
      const object = { ...sample, metadata: { ...sample.metadata, namespace: 'default' } };
      expect((await client.create(object)).metadata.uid).toBeDefined();
    },
  );

  it.each<{ name: string; patch: JsonObject }>([
    { name: 'the target', patch: { target: { name: 'other' } } },
    { name: 'the stable ReplicaSet', patch: { stable: { replicaSet: 'other' } } },
    { name: 'the provider', patch: { traffic: { provider: 'nginx' } } },
    { name: 'the routes', patch: { traffic: { routes: [] } } },
    { name: 'the traffic as a whole', patch: { traffic: null } },
    { name: 'the intent to an unknown word', patch: { intent: 'Hurry' } },
  ])('do not let anybody change $name of a Release', async ({ patch }) => {
    await client.create(fresh());
    const error: unknown = await client
      .mergePatch(shop, { spec: patch })
      .catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
  });

  it('let a human change the intent of a Release', async () => {
    await client.create(fresh());
    const patched = await client.mergePatch(shop, { spec: { intent: 'Abort' } });
    expect(patched.spec?.['intent']).toBe('Abort');
  });

  it('keep a whole status, unread weight and all', async () => {
    await client.create(fresh());
    const status = JSON.parse(JSON.stringify(aStatus({ observedWeight: null }))) as JsonObject;
    const patched = await client.jsonPatch(shop, [{ op: 'add', path: '/status', value: status }], {
      subresource: 'status',
    });
    expect(patched.status).toEqual(status);
  });

  it('refuse a status with a phase that does not exist', async () => {
    await client.create(fresh());
    const status = JSON.parse(JSON.stringify({ ...aStatus({}), phase: 'Baking' })) as JsonObject;
    const error: unknown = await client
      .mergePatch(shop, { status }, { subresource: 'status' })
      .catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
  });
});
