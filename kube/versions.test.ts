import { describe, expect, it } from 'vitest';
import { RESOURCES } from '../api/resources.ts';
import { ScriptedTransport } from '../test/support/scripted-transport.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { servedVersions } from './versions.ts';

const { virtualServices, deployments } = RESOURCES;
const resources = Object.values(RESOURCES);

/** A server that serves VirtualServices in these versions. */
function server(...versions: string[]): { client: KubeClient; transport: ScriptedTransport } {
  const transport = new ScriptedTransport(({ path, method }) => {
    const version = /networking\.istio\.io\/([^/]+)/.exec(path)?.[1];
    if (version !== undefined && !versions.includes(version)) return { status: 404 };
    const item = { metadata: { name: 'a' } };
    return method === 'GET' ? { status: 200, body: { metadata: {}, items: [item] } } : undefined;
  });
  const clock = new VirtualClock();
  const client = new KubeClient({
    transport: servedVersions(transport, resources),
    clock,
    fieldManager: 'sluice',
    resources,
  });
  return { client, transport };
}

const object = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'web', namespace: 'shop' },
};
const ref = { resource: virtualServices, namespace: 'shop', name: 'web' };
const OLD = '/apis/networking.istio.io/v1beta1/namespaces/shop/virtualservices';
const NEW = '/apis/networking.istio.io/v1/namespaces/shop/virtualservices';

describe('a kind of which the server serves another version', () => {
  it('is listed, written and made by that version, and looks as if it were the wanted one', async () => {
    const { client, transport } = server('v1beta1');
    const { items } = await client.listAll(virtualServices, { namespace: 'shop' });
    expect(items[0]?.apiVersion).toBe('networking.istio.io/v1');
    await client.create(object);
    await client.jsonPatch(ref, []);
    await client.delete(ref);
    expect(transport.lines).toEqual([
      `GET ${NEW}`,
      `GET ${OLD}`,
      `POST ${OLD}`,
      `PATCH ${OLD}/web`,
      `DELETE ${OLD}/web`,
    ]);
    expect(transport.sent[2]?.body).toMatchObject({ apiVersion: 'networking.istio.io/v1beta1' });
  });

  it('is asked for by the wanted version where that is served, and found again when it comes later', async () => {
    const versions: string[] = [];
    const transport = new ScriptedTransport(({ path }) =>
      versions.some((version) => path.includes(`/${version}/`)) ? undefined : { status: 404 },
    );
    const served = servedVersions(transport, resources);
    const get = async () => (await served.request({ method: 'GET', url: `${NEW}?limit=500` })).status;
    expect(await get()).toBe(404);
    versions.push('v1beta1');
    expect(await get()).toBe(200);
    versions.push('v1');
    expect(await get()).toBe(200);
    await served.request({ method: 'GET', url: `${NEW}?watch=true` });
    expect(transport.lines.at(-1)).toBe(`GET ${NEW}`);
  });

  it('is absent where none is served, and an object that is gone is not taken for that', async () => {
    const none = server();
    await expect(none.client.listAll(virtualServices, { namespace: 'shop' })).rejects.toThrow(KubeError);
    const one = server('v1');
    await one.client.listAll(virtualServices, { namespace: 'shop' });
    await one.client.delete({ ...ref, name: 'gone' });
    expect(one.transport.lines.at(-1)).toBe(`DELETE ${NEW}/gone`);
  });
});

it('a kind of another mesh is found by the newest version that is served', async () => {
  const transport = new ScriptedTransport(({ path, method }) => {
    if (!/\/v1alpha(3|4)\//.test(path)) return { status: 404 };
    return method === 'GET' ? { status: 200, body: { metadata: {}, items: [] } } : undefined;
  });
  const client = new KubeClient({
    transport: servedVersions(transport, resources),
    clock: new VirtualClock(),
    fieldManager: 'sluice',
    resources,
  });
  await client.listAll(RESOURCES.trafficSplits, { namespace: 'shop' });
  const split = { apiVersion: 'split.smi-spec.io/v1alpha1', kind: 'TrafficSplit' };
  await client.create({ ...split, metadata: { name: 'web', namespace: 'shop' } });
  expect(transport.lines.at(-1)).toBe('POST /apis/split.smi-spec.io/v1alpha4/namespaces/shop/trafficsplits');
  expect(transport.sent.at(-1)?.body).toMatchObject({ apiVersion: 'split.smi-spec.io/v1alpha4' });
});

it('leaves every other kind alone', async () => {
  const { client, transport } = server('v1');
  await client.listAll(deployments, { namespace: 'shop' });
  expect(transport.lines).toEqual(['GET /apis/apps/v1/namespaces/shop/deployments']);
});
