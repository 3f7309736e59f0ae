import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { destination, httpTo, patchOf, virtualService } from '../../test/support/istio.ts';
import { aTrafficContext, percent } from '../../test/support/traffic.ts';
import { istio } from './istio.ts';

const FQDN = 'web.shop.svc.cluster.local';
const one = (...destinations: JsonObject[]) => virtualService('shop', [httpTo('/', destinations)]);
const split = (canary: number) =>
  one(destination('web', { weight: 100 - canary }), destination('web-canary', { weight: canary }));

describe('what is written', () => {
  test('the canary stands next to stable, guarded by the route as it was read', () => {
    const given = one(destination('web'));
    const context = aTrafficContext([given]);
    expect(istio.plan(context, percent(5))).toMatchObject([
      { verb: 'jsonPatch', ref: { resource: { kind: 'VirtualService' }, namespace: 'shop', name: 'shop' } },
    ]);
    expect(patchOf(istio.plan(context, percent(5)))).toEqual([
      { op: 'test', path: '/spec/http/0', value: httpTo('/', [destination('web')]) },
      {
        op: 'replace',
        path: '/spec/http/0/route',
        value: [destination('web', { weight: 95 }), destination('web-canary', { weight: 5 })],
      },
    ]);
  });

  test('from then on only weights move, also where a weight of 0 was dropped', () => {
    const bare = one(destination('web', { weight: 100 }), destination('web-canary'));
    const context = aTrafficContext([bare], {
      originals: istio.record(aTrafficContext([one(destination('web'))])),
    });
    expect(patchOf(istio.plan(context, percent(50))).slice(1)).toEqual([
      { op: 'add', path: '/spec/http/0/route/0/weight', value: 50 },
      { op: 'add', path: '/spec/http/0/route/1/weight', value: 50 },
    ]);
  });

  test('a full name stays a full name, and a subset of stable is not asked of the canary', () => {
    const given = one({
      destination: { host: FQDN, subset: 'v1', port: { number: 81 } },
      headers: { request: { set: { a: 'b' } } },
    });
    expect(patchOf(istio.plan(aTrafficContext([given]), percent(5))).at(-1)?.value).toEqual([
      {
        destination: { host: FQDN, subset: 'v1', port: { number: 81 } },
        headers: { request: { set: { a: 'b' } } },
        weight: 95,
      },
      {
        destination: { host: 'web-canary.shop.svc.cluster.local', port: { number: 81 } },
        headers: { request: { set: { a: 'b' } } },
        weight: 5,
      },
    ]);
  });

  test('the sum of a route stays, if it is large enough to be divided', () => {
    const weights = (sum: number) =>
      (
        patchOf(istio.plan(aTrafficContext([one(destination('web', { weight: sum }))]), percent(25))).at(-1)
          ?.value as JsonObject[]
      ).map(({ weight }) => weight);
    expect(weights(1000)).toEqual([750, 250]);
    expect(weights(7)).toEqual([75, 25]);
  });

  test('routes of every protocol move together', () => {
    const given = virtualService('shop', [httpTo('/', [destination('web')])], {
      tls: [{ match: [{ sniHosts: ['a'] }], route: [destination('web')] }],
      tcp: [{ route: [destination('web')] }],
    });
    const paths = patchOf(istio.plan(aTrafficContext([given]), percent(5))).map(
      ({ op, path }) => `${op} ${path}`,
    );
    expect(paths).toEqual([
      'test /spec/http/0',
      'replace /spec/http/0/route',
      'test /spec/tls/0',
      'replace /spec/tls/0/route',
      'test /spec/tcp/0',
      'replace /spec/tcp/0/route',
    ]);
  });

  test('a canary left alone by somebody, which would get everything, gets its stable back', () => {
    const originals = istio.record(aTrafficContext([one(destination('web'))]));
    const context = aTrafficContext([one(destination('web-canary', { weight: 5 }))], { originals });
    expect(istio.observe(context).weight).toBe(100);
    expect(patchOf(istio.plan(context, percent(0))).at(-1)?.value).toEqual([
      destination('web', { weight: 100 }),
      destination('web-canary', { weight: 0 }),
    ]);
    expect(patchOf(istio.cleanup(context)).at(-1)?.value).toEqual([destination('web')]);
  });

  test('without a record the canary’s share goes back to stable', () => {
    const originals = { 'VirtualService/shop': 'broken' };
    expect(patchOf(istio.cleanup(aTrafficContext([split(5)], { originals }))).at(-1)?.value).toEqual([
      destination('web', { weight: 100 }),
    ]);
  });

  test('what stands at the place of a mirror, a redirect or a delegate is not touched', () => {
    const given = virtualService('shop', [
      { match: [{ uri: { prefix: '/d' } }], delegate: { name: 'web' } },
      { redirect: { authority: 'web' } },
      httpTo('/', [destination('other')], { mirror: { host: 'web' } }),
    ]);
    expect(istio.names(given, 'web')).toBe(false);
    const originals = { 'VirtualService/shop': { rules: [] } };
    expect(istio.plan(aTrafficContext([given], { originals }), percent(50))).toEqual([]);
  });
});

describe('which hosts are the Service', () => {
  test.each([
    ['web', true],
    [FQDN, true],
    ['web.shop.svc.example.internal', true],
    ['web.shop', false],
    ['web.other.svc.cluster.local', false],
    ['web-canary', false],
    ['*', false],
  ])('%s: %s', (host, expected) => {
    expect(istio.names(one(destination(host)), 'web')).toBe(expected);
  });
});

describe('a VirtualService of our own', () => {
  const none = (change = {}) => aTrafficContext([], change);
  const own = (weight: number) => {
    const [write] = istio.plan(none(), percent(weight));
    if (write?.verb !== 'create') throw new Error('nothing is made');
    return write.object;
  };
  const live = (weight: number): KubeObject => ({
    ...own(weight),
    metadata: { ...own(weight).metadata, uid: 'uid-own' },
  });

  test('shares out the mesh where nobody else does', () => {
    expect(own(5)).toMatchObject({
      apiVersion: 'networking.istio.io/v1',
      metadata: { name: 'web-canary', namespace: 'shop', ownerReferences: [{ kind: 'Deployment' }] },
      spec: {
        hosts: ['web'],
        http: [{ route: [destination('web', { weight: 95 }), destination('web-canary', { weight: 5 })] }],
      },
    });
    expect(istio.record(none())).toEqual({});
  });

  test('stays at weight 0 until it is deleted', () => {
    const context = none({ made: [live(50)], originals: {} });
    expect(istio.plan(context, percent(0))).toMatchObject([
      { verb: 'apply', object: { spec: { http: [{ route: [{ weight: 100 }, { weight: 0 }] }] } } },
    ]);
    expect(istio.cleanup(context)).toMatchObject([{ verb: 'delete', uid: 'uid-own' }]);
  });

  test('does not stand in for a user’s that is deleted in mid-release', () => {
    const originals = istio.record(aTrafficContext([one(destination('web'))]));
    expect(istio.plan(none({ originals }), percent(50))).toEqual([]);
    expect(istio.observe(none({ originals })).weight).toBe(0);
  });

  test('is seen to be changed', () => {
    const broken = { ...live(5), spec: { ...live(5).spec, hosts: ['other'] } };
    expect(istio.observe(none({ made: [live(5)], originals: {} })).weight).toBe(5);
    expect(istio.observe(none({ made: [broken], originals: {} }))).toMatchObject({
      weight: undefined,
      problem: 'the VirtualService made for Service web was changed by someone else',
    });
  });

  test.each([
    ['none of the mesh has the host', virtualService('edge', [httpTo('/', [])], { hosts: ['web'] }), 0],
    ['one of the mesh has it', virtualService('inside', [], { hosts: ['web'], gateways: [] }), 1],
    ['one has it in full', virtualService('inside', [], { hosts: [FQDN], gateways: ['public', 'mesh'] }), 1],
    ['one has the name', virtualService('web-canary', [], { hosts: ['other'] }), 1],
    [
      'a pattern of the mesh covers it',
      virtualService('all', [], { hosts: ['*.shop.svc.cluster.local'], gateways: ['mesh'] }),
      1,
    ],
    [
      'a pattern of another domain covers it',
      virtualService('all', [], { hosts: ['*.svc.example.internal'], gateways: [] }),
      1,
    ],
    [
      'a pattern covers others',
      virtualService('all', [], { hosts: ['*.front.svc.cluster.local', '*.com'], gateways: [] }),
      0,
    ],
    ['a pattern is of a gateway', virtualService('all', [], { hosts: ['*'] }), 0],
    ['one has another', virtualService('inside', [], { hosts: ['api'], gateways: [] }), 0],
  ])('is made or refused: %s', (_name, other, refusals) => {
    expect(istio.refuse(none({ others: [other] }))).toHaveLength(refusals);
  });
});

describe('what is remembered', () => {
  const first = istio.record(aTrafficContext([one(destination('web', { weight: 3 }))]));

  test('an edited route is not recorded again; one that its author put back is', () => {
    expect(istio.record(aTrafficContext([split(5)], { originals: first }))).toEqual(first);
    const again = istio.record(
      aTrafficContext([one(destination('web', { weight: 4 }))], { originals: first }),
    );
    expect(again).toEqual({ 'VirtualService/shop': { rules: [expect.objectContaining({ weights: [4] })] } });
  });

  test('a named route is found again wherever it moved, the other of its name by what else it says', () => {
    const named = (prefix: string, canary: number, weight: number) =>
      httpTo(
        prefix,
        canary === 0
          ? [destination('web', { weight })]
          : [destination('web', { weight: 50 }), destination('web-canary', { weight: 50 })],
        { name: 'same' },
      );
    const originals = istio.record(
      aTrafficContext([virtualService('shop', [named('/a', 0, 3), named('/b', 0, 7)])]),
    );
    const now = virtualService('shop', [named('/b', 50, 0), named('/new', 50, 0)]);
    const restored = patchOf(istio.cleanup(aTrafficContext([now], { originals })));
    expect(restored.filter(({ op }) => op === 'replace').map(({ value }) => value)).toEqual([
      [destination('web', { weight: 7 })],
      [destination('web', { weight: 3 })],
    ]);
  });

  test('a tcp route is never taken for an http route that is gone', () => {
    const routes = (weight: number) => ({ route: [destination('web', { weight })] });
    const halves = { route: [destination('web', { weight: 50 }), destination('web-canary', { weight: 50 })] };
    const originals = istio.record(
      aTrafficContext([virtualService('shop', [routes(3)], { tcp: [routes(7)] })]),
    );
    const now = virtualService('shop', [], { tcp: [halves] });
    expect(patchOf(istio.cleanup(aTrafficContext([now], { originals }))).at(-1)?.value).toEqual([
      destination('web', { weight: 7 }),
    ]);
  });

  test('a route that came later stays on stable, and is said to, until it is recorded', () => {
    const given = virtualService('shop', [
      httpTo('/', [destination('web', { weight: 95 }), destination('web-canary', { weight: 5 })]),
      httpTo('/new', [destination('web')], { name: 'new' }),
    ]);
    const context = aTrafficContext([given], { originals: first });
    expect(istio.plan(context, percent(5))).toEqual([]);
    expect(istio.observe(context)).toMatchObject({
      weight: 5,
      problem:
        'http route "new" of VirtualService shop was added during the release and sends only to Service web',
    });
  });
});

describe('what is observed', () => {
  const observe = (given: KubeObject) =>
    istio.observe(aTrafficContext([given], { originals: { 'VirtualService/shop': {} } }));

  test('routes that disagree have no weight', () => {
    const routes = [5, 50].map((canary) =>
      httpTo(`/${canary}`, [
        destination('web', { weight: 100 - canary }),
        destination('web-canary', { weight: canary }),
      ]),
    );
    expect(observe(virtualService('shop', routes))).toMatchObject({
      weight: undefined,
      most: 50,
      problem:
        'the routes send different shares to Service web-canary: http route 1 of VirtualService shop 5%, http route 2 of VirtualService shop 50%',
    });
  });

  test('istiod confirms nothing unless its analysis is on', () => {
    const with_ = (status: JsonObject): KubeObject => ({
      ...split(5),
      metadata: { ...split(5).metadata, generation: 3 },
      status,
    });
    expect(observe(with_({}))).toMatchObject({ weight: 5, acknowledged: 'unknown' });
    expect(observe(with_({ observedGeneration: '2' })).acknowledged).toBe('pending');
    expect(observe(with_({ observedGeneration: '3' })).acknowledged).toBe('yes');
  });

  test('a destination that somebody added is reported', () => {
    const given = one(destination('web'), destination('web-canary', { weight: 5 }), destination('third'));
    expect(observe(given).problem).toBe(
      'http route 1 of VirtualService shop now also sends to third, which is neither stable nor canary',
    );
  });
});

test.each([
  [
    'a third destination',
    [destination('web'), destination('third', { weight: 5 })],
    'third as well as to Service web',
  ],
  [
    'a name istiod does not complete',
    [destination('web'), destination('web.shop', { weight: 1 })],
    'web.shop',
  ],
  ['another namespace', [destination('web'), destination('web.b.svc.cluster.local')], 'web.b.svc'],
  ['the canary', [destination('web', { weight: 9 }), destination('web-canary')], 'web-canary'],
  ['no weight at all', [destination('web'), destination('web')], 'no weight above 0'],
])('a route with %s is refused, not rewritten', (_name, destinations, words) => {
  const sentences = istio.refuse(aTrafficContext([one(...destinations)])).map(({ sentence }) => sentence);
  expect(sentences.some((sentence) => sentence.includes(words))).toBe(true);
  for (const sentence of sentences) expect(sentence).toMatch(/; [a-z].*\.$/);
});
