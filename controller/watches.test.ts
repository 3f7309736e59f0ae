import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject, Resource } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import { RESOURCES } from '../api/resources.ts';
import { KubeClient } from '../kube/client.ts';
import type { KubeResponse, Transport } from '../kube/types.ts';
import { seeded, startApi } from '../test/support/api.ts';
import type { TestApi } from '../test/support/api.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { targetKey } from '../api/target-key.ts';
import { FORBIDDEN } from './observe/snapshot.ts';
import { Watches } from './watches.ts';

let clock: VirtualClock;
let api: TestApi;
let watches: Watches;
let told: Set<string>;
/** what had been reported when everything had been read */
let toldSynced: Set<string>;
let blinded: string[];

beforeEach(async () => {
  clock = new VirtualClock();
  api = await startApi(clock, 'team', 'other', 'sluice-system');
  told = new Set();
  toldSynced = new Set();
  blinded = [];
});

afterEach(() => {
  watches.stop();
  api.server.close();
});

/** @param denied URLs that may not be read */
async function start(namespace?: string, denied?: RegExp): Promise<void> {
  watches = new Watches({
    client: denied === undefined ? api.client : denying(denied),
    clock,
    random: seeded(2),
    namespace,
    controllerNamespace: 'sluice-system',
    onKey: (key) => {
      told.add(targetKey(key));
      if (watches.unsynced.length === 0) toldSynced.add(targetKey(key));
    },
    onError: () => undefined,
    onAbsent: () => undefined,
    onBlind: (blind, why) => blinded.push(`${blind}: ${why}`),
    onBug: (error) => {
      throw error;
    },
  });
  watches.start();
  await clock.advance(100);
}

function denying(denied: RegExp): KubeClient {
  const body = { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no right' };
  const refusal: KubeResponse = {
    status: 403,
    headers: {},
    text: () => Promise.resolve(JSON.stringify(body)),
    lines: () => Readable.from([JSON.stringify(body)]) as AsyncIterable<string>,
  };
  const transport: Transport = {
    request: (request) =>
      denied.test(request.url) ? Promise.resolve(refusal) : api.transport.request(request),
  };
  return new KubeClient({ transport, clock, fieldManager: 'sluice', resources: Object.values(RESOURCES) });
}

/** Forgets what was reported so far, acts, and returns what was reported because of it. */
async function toldBy(act: () => Promise<unknown>): Promise<string[]> {
  told.clear();
  await act();
  await clock.advance(10);
  return [...told].sort();
}

const podTemplate = (app: string): JsonObject => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});

function deployment(
  name: string,
  options: { namespace?: string; policy?: string; target?: string } = {},
): KubeObject {
  const { namespace = 'team', policy, target } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      namespace,
      name,
      ...(policy === undefined ? {} : { annotations: { 'sluice.dev/policy': policy } }),
      ...(target === undefined ? {} : { labels: { 'sluice.dev/target': target } }),
    },
    spec: { selector: { matchLabels: { app: name } }, template: podTemplate(name) },
  };
}

function owned(kind: 'ReplicaSet' | 'Pod', name: string, owner: KubeObject, spec: JsonObject): KubeObject {
  const { metadata, apiVersion, kind: ownerKind } = owner;
  return {
    apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1',
    kind,
    metadata: {
      namespace: 'team',
      name,
      labels: { app: 'x' },
      ownerReferences: [
        { apiVersion, kind: ownerKind, name: metadata.name, uid: metadata.uid ?? '', controller: true },
      ],
    },
    spec,
  };
}

async function podOf(deploymentObject: KubeObject): Promise<KubeObject> {
  const made = await api.client.create(deploymentObject);
  const { name } = made.metadata;
  const replicaSetSpec = { selector: { matchLabels: { app: 'x' } }, template: podTemplate('x') };
  const replicaSet = await api.client.create(owned('ReplicaSet', `${name}-1`, made, replicaSetSpec));
  const pod = await api.client.create(
    owned('Pod', `${name}-1-a`, replicaSet, { containers: [{ name: 'c', image: 'i' }] }),
  );
  await clock.advance(10);
  return pod;
}

const touch = (resource: Resource, object: KubeObject): Promise<unknown> =>
  api.client.mergePatch(
    { resource, namespace: object.metadata.namespace ?? '', name: object.metadata.name },
    { metadata: { annotations: { touched: 'yes' } } },
  );

const service = (namespace: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name: 'web' },
  spec: { selector: { app: 'x' }, ports: [{ port: 80 }] },
});

const policy = (namespace: string): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'ReleasePolicy',
  metadata: { namespace, name: 'default' },
  spec: {},
});

function namesOf(resource: Resource, namespace: string): string[] | string | undefined {
  const listing = watches.list(resource, namespace);
  return listing === FORBIDDEN ? listing : listing?.map(({ metadata }) => metadata.name);
}

describe('finding targets', () => {
  it('watches in full only the namespaces with a Deployment that opted in', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await api.client.create(deployment('plain', { namespace: 'other' }));
    await start();
    expect([...told]).toEqual(['team/shop']);
    expect(namesOf(RESOURCES.deployments, 'team')).toEqual(['shop']);
    expect(watches.list(RESOURCES.deployments, 'other')).toBeUndefined();
    expect(watches.unsynced).toEqual([]);
  });

  it('knows nothing of a namespace before its lists have arrived', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await start();
    const appeared = api.client.create(deployment('late', { namespace: 'other', policy: 'default' }));
    await appeared;
    expect(watches.list(RESOURCES.pods, 'other')).toBeUndefined();
    await clock.advance(10);
    expect(watches.list(RESOURCES.pods, 'other')).toEqual([]);
    expect(told.has('other/late')).toBe(true);
  });

  it('tells of a target once more when the last list of its namespace has arrived', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await start();
    expect([...toldSynced]).toEqual(['team/shop']);
  });

  it('stays with a namespace whose last target comes back in time', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await start();
    await api.client.delete({ resource: RESOURCES.deployments, namespace: 'team', name: 'shop' });
    await clock.advance(30_000);
    await api.client.create(deployment('shop', { policy: 'default' }));
    await clock.advance(40_000);
    expect(namesOf(RESOURCES.deployments, 'team')).toEqual(['shop']);
  });

  it('tells of a target that opts in, opts out and is deleted', async () => {
    const made = await api.client.create(deployment('shop'));
    await start();
    const ref = { resource: RESOURCES.deployments, namespace: 'team', name: 'shop' };
    const annotate = (value: string | null) => () =>
      api.client.mergePatch(ref, { metadata: { annotations: { 'sluice.dev/policy': value } } });
    expect(await toldBy(annotate('default'))).toEqual(['team/shop']);
    expect(await toldBy(annotate(null))).toEqual(['team/shop']);
    expect(await toldBy(annotate('default'))).toEqual(['team/shop']);
    expect(await toldBy(() => api.client.delete(ref, { uid: made.metadata.uid ?? '' }))).toEqual([
      'team/shop',
    ]);
    expect(watches.knows({ namespace: 'team', name: 'shop' })).toBe(false);
  });

  it('lets go of a namespace a while after its last target', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await start();
    await api.client.delete({ resource: RESOURCES.deployments, namespace: 'team', name: 'shop' });
    await clock.advance(59_000);
    expect(watches.list(RESOURCES.pods, 'team')).toEqual([]);
    await clock.advance(2_000);
    expect(watches.list(RESOURCES.pods, 'team')).toBeUndefined();
    await api.client.create(deployment('shop', { policy: 'default' }));
    await clock.advance(10);
    expect(namesOf(RESOURCES.deployments, 'team')).toEqual(['shop']);
  });

  it('looks into one namespace only when told to', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await api.client.create(deployment('shop', { namespace: 'other', policy: 'default' }));
    await start('other');
    expect([...told]).toEqual(['other/shop']);
    expect(watches.list(RESOURCES.pods, 'team')).toBeUndefined();
  });
});

describe('what a change concerns', () => {
  it('a pod concerns the target it belongs to, through ReplicaSet and canary', async () => {
    const stable = await podOf(deployment('shop', { policy: 'default' }));
    const canary = await podOf(deployment('shop-canary', { target: 'shop' }));
    const foreign = await podOf(deployment('cron'));
    await start();
    await api.client.create(deployment('basket', { policy: 'default' }));
    await clock.advance(10);
    expect(await toldBy(() => touch(RESOURCES.pods, stable))).toEqual(['team/shop']);
    expect(await toldBy(() => touch(RESOURCES.pods, canary))).toEqual(['team/shop']);
    expect(await toldBy(() => touch(RESOURCES.pods, foreign))).toEqual([]);
  });

  it('a Service concerns all targets of its namespace', async () => {
    for (const name of ['shop', 'basket']) await api.client.create(deployment(name, { policy: 'default' }));
    await api.client.create(deployment('far', { namespace: 'other', policy: 'default' }));
    await start();
    expect(await toldBy(() => api.client.create(service('team')))).toEqual(['team/basket', 'team/shop']);
  });

  it('a policy concerns its namespace; a shared one concerns every target', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await api.client.create(deployment('far', { namespace: 'other', policy: 'default' }));
    await start();
    expect(await toldBy(() => api.client.create(policy('team')))).toEqual(['team/shop']);
    expect(await toldBy(() => api.client.create(policy('sluice-system')))).toEqual([
      'other/far',
      'team/shop',
    ]);
    expect(namesOf(RESOURCES.releasePolicies, 'sluice-system')).toEqual(['default']);
  });
});

describe('kinds and versions', () => {
  it('without Gateway API there are no routes of it; installed later, they appear', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await start();
    expect(watches.list(RESOURCES.httpRoutes, 'team')).toEqual([]);
    await api.installHttpRoutes();
    await api.client.create({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { namespace: 'team', name: 'web' },
      spec: {},
    });
    expect(await toldBy(() => clock.advance(31_000))).toEqual(['team/shop']);
    expect(namesOf(RESOURCES.httpRoutes, 'team')).toEqual(['web']);
  });

  it('shows a write of our own before its event has come', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await start();
    const created = await api.client.create(service('team'));
    watches.written(RESOURCES.services, created);
    expect(namesOf(RESOURCES.services, 'team')).toEqual(['web']);
  });

  it('comes through the loss of all watches without missing a change', async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await start();
    api.server.close();
    await api.client.create(service('team'));
    await clock.advance(1_000);
    expect(namesOf(RESOURCES.services, 'team')).toEqual(['web']);
  });
});

describe('what may have to follow a canary', () => {
  const networkPolicy = (namespace: string, name = 'allow'): KubeObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name },
    spec: { podSelector: {} },
  });

  beforeEach(async () => {
    await api.client.create(deployment('shop', { policy: 'default' }));
    await api.client.create(deployment('far', { namespace: 'other', policy: 'default' }));
    await api.client.create(networkPolicy('team'));
  });

  it('is known of every namespace, without who wrote it', async () => {
    await start();
    expect([
      namesOf(RESOURCES.networkPolicies, 'team'),
      namesOf(RESOURCES.networkPolicies, 'other'),
      namesOf(RESOURCES.destinationRules, 'team'),
    ]).toEqual([['allow'], [], []]);
    const [first] = watches.list(RESOURCES.networkPolicies, 'team') ?? [];
    expect(first).not.toHaveProperty('metadata.managedFields');
  });

  it('concerns the targets of its namespace', async () => {
    await start();
    expect(await toldBy(() => api.client.create(networkPolicy('other')))).toEqual(['other/far']);
    const copy = { ...networkPolicy('team', 'copy') };
    copy.metadata.labels = { 'sluice.dev/target': 'shop' };
    expect(await toldBy(() => api.client.create(copy))).toEqual(['team/shop']);
  });

  it('shows a write of our own at once', async () => {
    await start();
    watches.written(RESOURCES.networkPolicies, await api.client.create(networkPolicy('team', 'copy')));
    expect(namesOf(RESOURCES.networkPolicies, 'team')).toEqual(['allow', 'copy']);
  });

  it('of other namespaces is told as far as it reaches out of them', async () => {
    const out = (name: string, more: JsonObject): KubeObject => ({
      ...networkPolicy('other', name),
      spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {}, ...more }] }] },
    });
    const named = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'team' } } };
    for (const each of [out('db', named), out('inside', {})]) await api.client.create(each);
    await start();
    const names = () => watches.elsewhere('team', []).map(({ metadata }) => metadata.name);
    expect([names(), watches.elsewhere('other', [])]).toEqual([['db'], []]);
    await api.client.delete({ resource: RESOURCES.networkPolicies, namespace: 'other', name: 'db' });
    await clock.advance(10);
    expect(names()).toEqual([]);
  });

  it('is told apart where it may not be read, and everything else goes on', async () => {
    await start(undefined, /\/networkpolicies/);
    expect(namesOf(RESOURCES.networkPolicies, 'team')).toBe(FORBIDDEN);
    expect(watches.unsynced).toEqual([]);
    expect(told).toEqual(new Set(['team/shop', 'other/far']));
  });

  it('is absent where there is no right to a kind that the server does not have', async () => {
    await start(undefined, /\/apis\/[a-z.]*istio\.io\/.*\/[a-z]+\?/);
    expect(namesOf(RESOURCES.destinationRules, 'team')).toEqual([]);
  });
});
