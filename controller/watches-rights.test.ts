import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject, Resource } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import { RESOURCES } from '../api/resources.ts';
import { KubeClient } from '../kube/client.ts';
import type { KubeRequest, KubeResponse, Transport } from '../kube/types.ts';
import { seeded, startApi } from '../test/support/api.ts';
import type { TestApi } from '../test/support/api.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { FORBIDDEN } from './observe/snapshot.ts';
import { MOST_ALONE, Watches } from './watches.ts';

let clock: VirtualClock;
let api: TestApi;
let watches: Watches;
let blinded: string[];
/** which URLs are denied */
let denied: ((url: string) => boolean) | undefined;
/** requests that wait until `letGo` resolves */
let held: { matches: RegExp; letGo: Promise<void> } | undefined;
let requests: KubeRequest[];

afterEach(() => {
  watches.stop();
  api.server.close();
});

beforeEach(() => {
  clock = new VirtualClock();
  blinded = [];
  requests = [];
  denied = undefined;
  held = undefined;
});

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `team-${i}`);

async function start(namespaces: string[]): Promise<void> {
  api = await startApi(clock, ...namespaces, 'sluice-system');
  for (const namespace of namespaces) api.server.store.create('deployments.apps', shop(namespace));
  const transport: Transport = { request: (request) => asked(request) };
  watches = new Watches({
    client: new KubeClient({
      transport,
      clock,
      fieldManager: 'sluice',
      resources: Object.values(RESOURCES),
    }),
    clock,
    random: seeded(2),
    namespace: undefined,
    controllerNamespace: 'sluice-system',
    onKey: () => undefined,
    onError: () => undefined,
    onAbsent: () => undefined,
    onBlind: (namespace, why) => blinded.push(`${namespace}: ${why}`),
    onBug: (error) => {
      throw error;
    },
  });
  watches.start();
  await clock.advance(1_000);
}

async function asked(request: KubeRequest): Promise<KubeResponse> {
  requests.push(request);
  if (denied?.(request.url) === true) return refusal();
  const response = await api.transport.request(request);
  if (held?.matches.test(request.url) === true) await held.letGo;
  return response;
}

function refusal(): KubeResponse {
  const body = JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'no right' });
  return {
    status: 403,
    headers: {},
    text: () => Promise.resolve(body),
    lines: () => Readable.from([body]) as AsyncIterable<string>,
  };
}

function shop(namespace: string): KubeObject {
  const template: JsonObject = {
    metadata: { labels: { app: 'shop' } },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: 'shop', annotations: { 'sluice.dev/policy': 'default' } },
    spec: { selector: { matchLabels: { app: 'shop' } }, template },
  };
}

const service = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: { selector: { app: 'x' }, ports: [{ port: 80 }] },
});

const isWatch = ({ url }: KubeRequest): boolean => url.includes('watch=true');
const read = (resource: Resource, namespace: string): string[] | string | undefined => {
  const listing = watches.list(resource, namespace);
  return listing === FORBIDDEN ? listing : listing?.map(({ metadata }) => metadata.name).sort();
};
const reachingInto = (into: string, namespace: string): KubeObject => {
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': into } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name: 'out' },
    spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {}, namespaceSelector }] }] },
  };
};

/** A request for a kind in all namespaces, not in one. */
const WIDE = /^\/apis?\/[^?]*(?<!\/namespaces\/[^?]*)\?/;

describe('what the API server is asked', () => {
  it.each([1, 1_000])('does not grow with namespaces that opt in: with %i of them', async (count) => {
    await start(names(count));
    expect(watches.unsynced).toEqual([]);
    expect(read(RESOURCES.deployments, `team-${count - 1}`)).toEqual(['shop']);
    const open = requests.filter(isWatch);
    expect(open.every(({ lasting }) => lasting === true)).toBe(true);
    // One for each kind in a cluster without Gateway API and meshes, and two that find the targets.
    expect(open.length).toBeLessThanOrEqual(Object.keys(RESOURCES).length + 2);
    // One page holds 500.
    const pages = Math.ceil(count / 500);
    expect(requests.filter((each) => !isWatch(each)).length).toBeLessThanOrEqual(
      2 * Object.keys(RESOURCES).length + 4 * pages,
    );
  });

  it('keeps nothing of namespaces without targets', async () => {
    await start(['team-0']);
    await api.client.create(service('sluice-system', 'other'));
    await clock.advance(10);
    expect(read(RESOURCES.services, 'sluice-system')).toBeUndefined();
  });
});

describe('a namespace that opts in later', () => {
  it('is read by itself, and then followed by the watch of all', async () => {
    await start(['team-0']);
    api.server.store.create('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'late' },
    });
    await api.client.create(service('late', 'before'));
    const watched = requests.filter(isWatch).length;
    await api.client.create(shop('late'));
    await clock.advance(10);
    await api.client.create(service('late', 'after'));
    await clock.advance(10);
    expect(read(RESOURCES.services, 'late')).toEqual(['after', 'before']);
    expect(requests.filter(isWatch)).toHaveLength(watched);
  });

  it('misses nothing that changes while it is read, and brings nothing back that is gone', async () => {
    await start(['team-0']);
    api.server.store.create('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'late' },
    });
    for (const name of ['stays', 'goes']) await api.client.create(service('late', name));
    let letGo = (): void => undefined;
    held = { matches: /namespaces\/late\/services/, letGo: new Promise((resolve) => (letGo = resolve)) };
    await api.client.create(shop('late'));
    await clock.advance(10);
    await api.client.delete({ resource: RESOURCES.services, namespace: 'late', name: 'goes' });
    await api.client.create(service('late', 'comes'));
    await clock.advance(10);
    expect(read(RESOURCES.services, 'late')).toBeUndefined();
    letGo();
    await clock.advance(10);
    expect(read(RESOURCES.services, 'late')).toEqual(['comes', 'stays']);
  });
});

describe('rights to single namespaces', () => {
  it('are enough: each is watched by itself', async () => {
    denied = (url) => /^\/api\/v1\/services\?/.test(url);
    await start(['team-0', 'team-1']);
    await api.client.create(service('team-1', 'web'));
    await clock.advance(10);
    expect([read(RESOURCES.services, 'team-0'), read(RESOURCES.services, 'team-1')]).toEqual([[], ['web']]);
    expect([watches.unsynced, blinded]).toEqual([[], []]);
  });

  it('to all that are given later end the watches of single ones', async () => {
    denied = (url) => /^\/api\/v1\/services\?/.test(url);
    await start(['team-0', 'team-1']);
    denied = undefined;
    await clock.advance(31_000);
    requests = [];
    await api.client.create(service('team-1', 'web'));
    await clock.advance(600_000);
    expect(read(RESOURCES.services, 'team-1')).toEqual(['web']);
    expect(
      requests.filter(({ url }) => /namespaces\/team-1\/services/.test(url) && url.includes('watch')),
    ).toEqual([]);
  });

  it('that are missing in one namespace are told there, and concern no other', async () => {
    denied = (url) => /^\/api\/v1\/(namespaces\/team-1\/)?pods\?/.test(url);
    await start(['team-0', 'team-1']);
    expect(blinded).toEqual([
      'team-1: Sluice may not list and watch pods there; give it that right (docs/operations.md, Permissions)',
    ]);
    expect(watches.unsynced).toEqual([]);
    expect(read(RESOURCES.pods, 'team-0')).toEqual([]);
    expect(watches.optedIn).toEqual([{ namespace: 'team-0', name: 'shop' }]);
    denied = undefined;
    await clock.advance(31_000);
    expect([read(RESOURCES.pods, 'team-1'), [...watches.blind.keys()], watches.optedIn.length]).toEqual([
      [],
      [],
      2,
    ]);
  });

  it('show what reaches out of these, for as long as no more may be read', async () => {
    denied = (url) => WIDE.test(url) && url.includes('networkpolicies');
    await start(['team-0', 'team-1']);
    await clock.advance(31_000);
    await api.client.create(reachingInto('team-0', 'team-1'));
    await clock.advance(31_000);
    const seen = () => watches.elsewhere('team-0', []).map(({ metadata }) => metadata.name);
    expect([seen(), watches.elsewhere('team-1', [])]).toEqual([['out'], []]);
    denied = undefined;
    await clock.advance(31_000);
    expect(seen()).toEqual(['out']);
  });

  it(`are followed in ${MOST_ALONE} namespaces, and one more is told so`, async () => {
    // The two watches that carry only metadata find the targets.
    denied = (url) => WIDE.test(url) && !/\/(deployments|releases)\?/.test(url);
    await start(names(MOST_ALONE + 1));
    const last = watches.targetsIn(blinded[0]?.split(':')[0] ?? '');
    expect([blinded.length, last.length]).toEqual([1, 1]);
    expect(blinded[0]).toMatch(
      /at most 50 namespaces one by one; give it the right .* --namespace team-\d+$/,
    );
  });
});

describe('IngressClasses', () => {
  const known = () => watches.classes()?.map(({ metadata }) => metadata.name);

  it('are followed, though they lie in no namespace', async () => {
    await start(['team-0']);
    expect(known()).toEqual([]);
    api.server.store.create('ingressclasses.networking.k8s.io', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'edge' },
      spec: { controller: 'k8s.io/ingress-nginx' },
    });
    await clock.advance(1_000);
    expect(known()).toEqual(['edge']);
  });

  it('are none where they may not be read, which keeps nothing waiting', async () => {
    denied = (url) => url.includes('/ingressclasses');
    await start(['team-0']);
    expect(known()).toEqual([]);
    expect(watches.unsynced).toEqual([]);
  });

  it('are not known before they have been read', async () => {
    held = { matches: /\/ingressclasses/, letGo: new Promise(() => undefined) };
    await start(['team-0']);
    expect(known()).toBeUndefined();
  });
});
