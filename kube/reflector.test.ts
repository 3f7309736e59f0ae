import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../test/support/eventually.ts';
import { RESOURCES } from '../api/resources.ts';
import { ScriptedServer } from '../test/support/scripted-server.ts';
import type { Exchange } from '../test/support/scripted-server.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { KubeClient } from './client.ts';
import type { KubeError } from './errors.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { Store } from './store.ts';

const SILENCE_MS = 90_000;

let server: ScriptedServer;
let clock: VirtualClock;
/** by how much the reflector's clock is wrong */
let offsetMs: number;
let store: Store;
let reflector: Reflector;
let errors: { error: KubeError; retryInMs: number }[];
let ended: Promise<void>;

beforeEach(async () => {
  server = await ScriptedServer.start();
  clock = new VirtualClock();
  offsetMs = 0;
  store = new Store();
  errors = [];
  const { transport } = await server.connect();
  reflector = new Reflector({
    client: new KubeClient({ transport, clock, fieldManager: 'sluice', resources: [] }),
    resource: RESOURCES.pods,
    scope: { namespace: 'team' },
    sink: store,
    clock: { now: () => clock.now() + offsetMs, after: (ms, fn) => clock.after(ms, fn) },
    random: () => 0,
    onError: (error, retryInMs) => errors.push({ error, retryInMs }),
    silenceMs: SILENCE_MS,
  });
  ended = reflector.run();
});

afterEach(async () => {
  reflector.stop();
  await server.close();
  await ended;
});

const pod = (name: string, resourceVersion: string) => ({
  metadata: { namespace: 'team', name, resourceVersion },
});
const listOf = (resourceVersion: string, ...items: unknown[]) => ({ metadata: { resourceVersion }, items });
const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
const versionOf = (watch: Exchange): string | null => watch.url.searchParams.get('resourceVersion');
const isWatch = (exchange: Exchange): boolean => exchange.url.searchParams.get('watch') === 'true';
const names = (): string[] => store.list().map(({ metadata }) => metadata.name);

/** Answers the next request as a list and hands out the watch that follows, opened. */
async function listThenWatch(resourceVersion: string, ...items: unknown[]): Promise<Exchange> {
  const list = await server.next();
  expect(isWatch(list)).toBe(false);
  list.answer(200, listOf(resourceVersion, ...items));
  return openWatch(resourceVersion);
}

async function openWatch(from: string): Promise<Exchange> {
  const watch = await server.next();
  expect(isWatch(watch)).toBe(true);
  expect(versionOf(watch)).toBe(from);
  watch.open();
  return watch;
}

/** Waits until the reflector has gone to sleep for a time below the deadline of requests, then lets that time pass. */
async function pass(ms: number): Promise<void> {
  await eventually(() => expect(clock.nextInMs).toBe(ms));
  await clock.advance(ms);
}

describe('a reflector', () => {
  it('lists page by page, then follows the watch from the version of the list', async () => {
    (await server.next()).answer(200, {
      metadata: { resourceVersion: '10', continue: 'x' },
      items: [pod('a', '3')],
    });
    (await server.next()).answer(200, listOf('10', pod('b', '4')));
    const watch = await openWatch('10');
    expect(names()).toEqual(['a', 'b']);
    watch.event('ADDED', pod('c', '11'));
    watch.event('DELETED', pod('a', '12'));
    await eventually(() => expect(names()).toEqual(['b', 'c']));
  });

  it('goes on from the last event when the server closes the watch', async () => {
    const watch = await listThenWatch('10');
    watch.event('ADDED', pod('a', '15'));
    watch.end();
    await openWatch('15');
    expect(errors).toEqual([]);
  });

  it('goes on from the last bookmark', async () => {
    const watch = await listThenWatch('10');
    watch.event('BOOKMARK', { metadata: { resourceVersion: '40' } });
    watch.end();
    await openWatch('40');
  });

  it('goes on from the last event after a short pause when the connection breaks in the middle of an event', async () => {
    const watch = await listThenWatch('10');
    watch.event('ADDED', pod('a', '11'));
    await eventually(() => expect(names()).toEqual(['a']));
    watch.raw('{"type":"ADDED","object":{"metad');
    watch.destroy();
    await pass(250);
    const again = await openWatch('11');
    again.event('ADDED', pod('b', '12'));
    await eventually(() => expect(names()).toEqual(['a', 'b']));
  });

  it.each([
    { how: 'as an ERROR event', answer: (watch: Exchange) => (watch.open(), watch.event('ERROR', gone)) },
    { how: 'as the answer', answer: (watch: Exchange) => watch.answer(410, gone) },
  ])('lists anew at once when its version is too old, told $how', async ({ answer }) => {
    (await server.next()).answer(200, listOf('10', pod('a', '1'), pod('b', '2')));
    answer(await server.next());
    await listThenWatch('90', pod('b', '2'));
    expect(names()).toEqual(['b']);
    expect(errors).toEqual([]);
  });

  it('lists from the start when a page token expires', async () => {
    (await server.next()).answer(200, {
      metadata: { resourceVersion: '10', continue: 'x' },
      items: [pod('a', '3')],
    });
    (await server.next()).answer(410, gone);
    const again = await server.next();
    expect(again.url.searchParams.get('continue')).toBeNull();
    again.answer(200, listOf('20'));
    await openWatch('20');
  });

  it('stays away as long as a 429 asks it to', async () => {
    (await server.next()).answer(429, 'slow down', { 'retry-after': '7' });
    await pass(7_000);
    await listThenWatch('10');
  });

  it('tries for ever after 500s, with pauses that grow to a limit', async () => {
    for (let attempt = 0; attempt < 9; attempt += 1) {
      (await server.next()).answer(500, 'etcd is away');
      await eventually(() => expect(errors).toHaveLength(attempt + 1));
      await clock.advance(errors[attempt]!.retryInMs);
    }
    expect(errors.map(({ retryInMs }) => retryInMs)).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000,
    ]);
    await listThenWatch('10', pod('a', '1'));
    expect(names()).toEqual(['a']);
  });

  it('keeps serving what it knows while the server is away', async () => {
    const watch = await listThenWatch('10', pod('a', '1'));
    watch.destroy();
    await pass(250);
    (await server.next()).answer(503, 'no');
    await eventually(() => expect(errors).toHaveLength(2));
    expect([names(), store.synced]).toEqual([['a'], true]);
  });

  it('leaves a half-open watch that fell silent and goes on from its last version', async () => {
    const watch = await listThenWatch('10');
    watch.event('ADDED', pod('a', '11'));
    await eventually(() => expect(names()).toEqual(['a']));
    await clock.advance(SILENCE_MS);
    await watch.closed;
    await openWatch('11');
    expect(errors).toEqual([]);
  });

  it('does not take a watch for silent while events or bookmarks come', async () => {
    const watch = await listThenWatch('10');
    for (const version of ['11', '12', '13', '14']) {
      await eventually(() => expect(clock.pending).toBe(1));
      await clock.advance(SILENCE_MS - 1);
      watch.event('MODIFIED', pod('a', version));
      const seen = (): string | undefined => store.get('team', 'a')?.metadata.resourceVersion;
      await eventually(() => expect(seen()).toBe(version));
    }
    expect(server.requests).toBe(2);
  });

  it('lists anew after many silent watches: the server may have lost its version', async () => {
    await listThenWatch('900');
    for (let watches = 1; watches < 10; watches += 1) {
      await eventually(() => expect(clock.pending).toBe(1));
      await clock.advance(SILENCE_MS);
      await openWatch('900');
    }
    await eventually(() => expect(clock.pending).toBe(1));
    await clock.advance(SILENCE_MS);
    await listThenWatch('3');
  });

  it('lists again and again while only the watch is refused', async () => {
    (await server.next()).answer(200, listOf('10', pod('a', '1')));
    (await server.next()).answer(403, 'may not watch');
    await pass(250);
    (await server.next()).answer(200, listOf('20', pod('b', '15')));
    await eventually(() => expect(names()).toEqual(['b']));
    (await server.next()).answer(403, 'may not watch');
    await pass(500);
    await listThenWatch('30', pod('b', '15'));
  });

  it('lists anew when it cannot get past one version', async () => {
    (await server.next()).answer(200, listOf('10', pod('a', '1')));
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const watch = await openWatch('10');
      watch.raw('no JSON\n');
      await eventually(() => expect(errors).toHaveLength(attempt + 1));
      await clock.advance(errors[attempt]!.retryInMs);
    }
    await listThenWatch('30');
  });

  it('notices a silent watch in time though the clock was set back', async () => {
    const watch = await listThenWatch('10');
    await eventually(() => expect(clock.pending).toBe(1));
    offsetMs = -60 * 60_000;
    await clock.advance(2 * SILENCE_MS);
    await watch.closed;
    await openWatch('10');
  });

  it('does not spin when the server closes each watch at once', async () => {
    (await listThenWatch('10')).end();
    await pass(250);
    (await openWatch('10')).end();
    await pass(500);
    await openWatch('10');
  });

  it('does not take a 404 for an empty collection unless the kind is optional', async () => {
    const watch = await listThenWatch('10', pod('a', '1'));
    watch.destroy();
    await pass(250);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      (await server.next()).answer(404, '404 page not found');
      await eventually(() => expect(errors).toHaveLength(attempt + 2));
      await clock.advance(errors.at(-1)!.retryInMs);
    }
    expect(names()).toEqual(['a']);
  });

  it('ends its request when stopped, and asks no more', async () => {
    const watch = await listThenWatch('10');
    reflector.stop();
    await watch.closed;
    await ended;
    expect(clock.pending).toBe(0);
  });

  it('stops while it waits for its next attempt', async () => {
    (await server.next()).answer(500, 'no');
    await eventually(() => expect(clock.nextInMs).toBe(250));
    reflector.stop();
    await ended;
    expect(clock.pending).toBe(0);
  });
});

async function restart(options: Partial<ReflectorOptions>): Promise<void> {
  reflector.stop();
  (await server.next()).destroy();
  await ended;
  const { transport } = await server.connect();
  reflector = new Reflector({
    client: new KubeClient({ transport, clock, fieldManager: 'sluice', resources: [] }),
    resource: RESOURCES.httpRoutes,
    sink: store,
    clock,
    random: () => 0,
    ...options,
  });
  ended = reflector.run();
}

describe('a reflector of an optional kind', () => {
  beforeEach(() => restart({ optional: true }));

  it('takes a kind the server does not know for an empty collection and asks again later', async () => {
    (await server.next()).answer(404, '404 page not found');
    await eventually(() => expect(store.synced).toBe(true));
    await pass(30_000);
    await listThenWatch('10', pod('a', '1'));
    expect(names()).toEqual(['a']);
  });

  it('believes that a kind it knew is gone only when told several times', async () => {
    (await listThenWatch('10', pod('a', '1'))).event('ERROR', { code: 404, reason: 'NotFound' });
    await pass(250);
    (await server.next()).answer(404, '404 page not found');
    await pass(500);
    expect(names()).toEqual(['a']);
    (await server.next()).answer(404, '404 page not found');
    await eventually(() => expect(names()).toEqual([]));
  });
});

const forbidden = { kind: 'Status', code: 403, reason: 'Forbidden', message: 'may not list' };
const kinds = (...names: string[]) => ({
  kind: 'APIResourceList',
  resources: names.map((name) => ({ name })),
});

/** Answers the question of what kinds there are. */
async function discovery(group: string, code: number, body: unknown): Promise<void> {
  const asked = await server.next();
  expect(asked.url.pathname).toBe(`/apis/${group}`);
  asked.answer(code, body);
}

describe('a reflector of a kind that may not be read', () => {
  const GATEWAY = 'gateway.networking.k8s.io/v1';

  it('takes it for absent where the server does not have it, though it says Forbidden', async () => {
    await restart({ optional: true });
    (await server.next()).answer(403, forbidden);
    await discovery(GATEWAY, 200, kinds('gateways'));
    await eventually(() => expect(store.synced).toBe(true));
    expect(store.isForbidden).toBe(false);
  });

  it('asks for every version it may have', async () => {
    await restart({ optional: true, mayBeForbidden: true, resource: RESOURCES.destinationRules });
    (await server.next()).answer(403, forbidden);
    await discovery('networking.istio.io/v1', 404, '404 page not found');
    await discovery('networking.istio.io/v1beta1', 200, kinds('destinationrules'));
    await eventually(() => expect(store.isForbidden).toBe(true));
  });

  it.each([
    { given: 'it is there', code: 200, body: kinds('httproutes') },
    { given: 'the kinds may not be read either', code: 403, body: forbidden },
    { given: 'the server cannot tell', code: 500, body: 'no' },
  ])('says so where $given, and goes on asking', async ({ code, body }) => {
    await restart({ optional: true, mayBeForbidden: true });
    (await server.next()).answer(403, forbidden);
    await discovery(GATEWAY, code, body);
    await eventually(() => expect(store.isForbidden).toBe(true));
    await pass(30_000);
    await listThenWatch('10', pod('a', '1'));
    expect([store.isForbidden, ...names()]).toEqual([false, 'a']);
  });

  it('forgets what it knew when the right is taken', async () => {
    await restart({ mayBeForbidden: true });
    (await listThenWatch('10', pod('a', '1'))).event('ERROR', forbidden);
    await eventually(() => expect(store.isForbidden).toBe(true));
    expect(names()).toEqual([]);
  });

  it('never takes it for empty where that is not asked for', async () => {
    await restart({ optional: true });
    (await server.next()).answer(403, forbidden);
    await discovery(GATEWAY, 200, kinds('httproutes'));
    await pass(250);
    expect([store.synced, store.isForbidden]).toEqual([false, false]);
    (await server.next()).destroy();
  });
});
