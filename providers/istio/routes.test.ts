import { describe, expect, test } from 'vitest';
import { getObjects } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { destination, httpTo, patchOf, virtualService } from '../../test/support/istio.ts';
import { aTrafficContext, percent } from '../../test/support/traffic.ts';
import { istio } from './istio.ts';
import { isOff, OFF, type Split, type TrafficContext } from '../provider.ts';

const FQDN = 'web.shop.svc.cluster.local';
const one = (...destinations: JsonObject[]) => virtualService('shop', [httpTo('/', destinations)]);

describe('more than weights', () => {
  const wants = {
    total: 100,
    match: { headers: [{ name: 'X-Group', value: 'beta' }], cookies: [] },
    mirror: 10,
    sticky: { cookie: 'stay', maxAgeMs: 60_000 },
  };
  const cookie = {
    headers: { response: { add: { 'Set-Cookie': 'stay=web-7; Path=/; Max-Age=60; HttpOnly' } } },
  };
  const beta = { 'x-group': { exact: 'beta' } };
  const stay = { cookie: { regex: '^(.*;\\s*)?stay=web-7\\s*(;.*)?$' } };
  const matched: Split = { weight: 5, mirror: 0, matching: true };
  const users = httpTo('/', [destination('web')], { timeout: '3s', retries: { attempts: 2 } });
  const given = () => virtualService('shop', [httpTo('/api', [destination('api')]), users]);
  const originals = istio.record(aTrafficContext([given()], { wants }));
  const live = (...http: JsonObject[]) =>
    aTrafficContext([virtualService('shop', [httpTo('/api', [destination('api')]), ...http])], {
      wants,
      originals,
    });
  const split = {
    ...users,
    route: [destination('web', { weight: 95 }), destination('web-canary', { weight: 5, ...cookie })],
  };
  const ours = {
    ...users,
    name: 'sluice-match',
    match: [
      { uri: { prefix: '/' }, headers: beta },
      { uri: { prefix: '/' }, headers: stay },
    ],
    route: [destination('web', { weight: 0 }), destination('web-canary', { weight: 1, ...cookie })],
  };

  test('requests that match have a route in front of the user’s, the same in all else', () => {
    expect(patchOf(istio.plan(live(users), matched))).toEqual([
      { op: 'test', path: '/spec/http/1', value: users },
      { op: 'replace', path: '/spec/http/1/route', value: split.route },
      { op: 'add', path: '/spec/http/1', value: ours },
    ]);
    expect(istio.plan(live(ours, split), matched)).toEqual([]);
    expect(istio.observe(live(ours, split))).toMatchObject({ weight: 5, matching: true, mirror: 0 });
  });

  test.each([
    ['plan', (context: TrafficContext) => istio.plan(context, OFF)],
    ['cleanup', (context: TrafficContext) => istio.cleanup(context)],
  ])(
    'of nothing but ours the last becomes the user’s, because no route would be refused: %s',
    (_, writesOf) => {
      const alone = (...http: JsonObject[]) =>
        aTrafficContext([virtualService('shop', http)], { wants, originals });
      const turned = { ...users, match: ours.match, route: [destination('web', { weight: 1 })] };
      expect(patchOf(writesOf(alone(ours, ours)))).toEqual([
        { op: 'test', path: '/spec/http/1', value: ours },
        { op: 'test', path: '/spec/http/0', value: ours },
        { op: 'remove', path: '/spec/http/0' },
        { op: 'replace', path: '/spec/http/0/route', value: turned.route },
        { op: 'remove', path: '/spec/http/0/name' },
      ]);
      expect(writesOf(alone(turned))).toEqual([]);
      expect(isOff(istio.observe(alone(turned)))).toBe(true);
      expect(istio.plan(alone(ours), matched)).toEqual([]);
    },
  );

  test('what became the user’s is copied once, however often', () => {
    const world = new ObjectWorld([virtualService('shop', [ours])]);
    let remembered = originals;
    const context = () => aTrafficContext(world.list('VirtualService'), { wants, originals: remembered });
    for (const split of [OFF, matched, OFF, matched]) {
      remembered = istio.record(context());
      for (const write of istio.plan(context(), split)) world.apply(write);
    }
    expect(world.list('VirtualService')[0]?.spec?.['http']).toHaveLength(2);
  });

  test('all of it goes in one write, guarded by what was read', () => {
    expect(patchOf(istio.plan(live(ours, split), OFF))).toEqual([
      { op: 'test', path: '/spec/http/2', value: split },
      { op: 'test', path: '/spec/http/1', value: ours },
      { op: 'remove', path: '/spec/http/1' },
      {
        op: 'replace',
        path: '/spec/http/1/route',
        value: [destination('web', { weight: 100 }), destination('web-canary', { weight: 0 })],
      },
    ]);
  });

  test('copies are one more of the mirrors, to the port of the route and no subset', () => {
    const audit = { destination: { host: 'audit' } };
    const subset = { destination: { host: FQDN, subset: 'v1', port: { number: 81 } } };
    const copied = {
      split: { ...OFF, mirror: 10 },
      to: { host: 'web-canary.shop.svc.cluster.local', port: { number: 81 } },
    };
    const context = aTrafficContext([virtualService('shop', [httpTo('/', [subset], { mirrors: [audit] })])], {
      wants,
    });
    expect(patchOf(istio.plan(context, copied.split)).at(-1)).toEqual({
      op: 'replace',
      path: '/spec/http/0/mirrors',
      value: [audit, { destination: copied.to, percentage: { value: 10 } }],
    });
  });

  test('copies without a percentage are copies of everything', () => {
    const mirrors = [{ destination: { host: 'web-canary' } }];
    expect(istio.observe(live({ ...users, mirrors }))).toMatchObject({ weight: 0, mirror: 100 });
  });

  test.each<[string, JsonObject[]]>([
    ['behind the user’s route', [split, ours]],
    ['before another route', [ours, httpTo('/b', [destination('b')]), split]],
    ['changed', [{ ...ours, timeout: '9s' }, split]],
    [
      'beside a destination that sets no cookie',
      [
        ours,
        { ...users, route: [destination('web', { weight: 95 }), destination('web-canary', { weight: 5 })] },
      ],
    ],
  ])('a route of ours %s is no matching, and is mended', (_name, http) => {
    expect(istio.observe(live(...http))).toMatchObject({ weight: undefined, matching: false });
    expect(istio.plan(live(...http), matched)).toHaveLength(1);
  });

  test('a route with a name shares it with its copy: an EnvoyFilter that points at the name holds for both', () => {
    const primary = { ...users, name: 'primary' };
    const context = aTrafficContext([virtualService('shop', [primary])], { wants });
    const world = new ObjectWorld(context.routes);
    const known = { ...context, originals: istio.record(context) };
    for (const write of istio.plan(known, matched)) world.apply(write);
    const [copy, kept, ...more] = getObjects(world.list('VirtualService')[0], 'spec', 'http');
    expect([copy?.['name'], copy?.['route']]).toEqual(['primary', ours.route]);
    expect(kept).toEqual({ ...split, name: 'primary' });
    expect(more).toEqual([]);
    for (const write of istio.cleanup({ ...known, routes: world.list('VirtualService') })) world.apply(write);
    expect(world.list('VirtualService')[0]?.spec).toEqual(context.routes[0]?.spec);
  });

  test('a route of ours is known by what it says, whatever it is called', () => {
    const renamed = live({ ...ours, name: 'r-1' }, split);
    expect(patchOf(istio.cleanup(renamed)).map(({ op, path }) => `${op} ${path}`)).toEqual([
      'test /spec/http/2',
      'test /spec/http/1',
      'remove /spec/http/1',
      'replace /spec/http/1/route',
    ]);
  });

  test('a route of the user’s is never taken for ours, though somebody sent it all to the canary', () => {
    const forced = [destination('web', { weight: 0 }), destination('web-canary', { weight: 50 })];
    const context = live({ ...users, route: forced });
    expect(istio.observe(context).weight).toBe(100);
    for (const writes of [istio.cleanup(context), istio.plan(context, OFF)]) {
      expect(patchOf(writes).some(({ op }) => op === 'remove')).toBe(false);
    }
  });

  test('several subsets share what matches as they share the rest', () => {
    const subsets = ['a', 'b'].map((name, i) => ({
      destination: { host: 'web', subset: name },
      weight: i === 0 ? 80 : 20,
    }));
    const context = aTrafficContext([virtualService('shop', [httpTo('/', subsets)])], { wants });
    const [added] = patchOf(istio.plan(context, matched)).filter(({ op }) => op === 'add');
    const weights = (added?.value as { route: JsonObject[] }).route.map(({ weight }) => weight);
    expect(weights).toEqual([0, 79, 0, 20]);
  });

  test('stable destinations made of the canary’s lose the cookie', () => {
    const headers = { request: { set: { a: 'b' } }, ...cookie.headers };
    const context = live({ ...users, route: [destination('web-canary', { weight: 5, headers })] });
    expect(patchOf(istio.cleanup(context)).at(-1)?.value).toEqual([
      destination('web', { headers: { request: { set: { a: 'b' } } } }),
    ]);
    const bare = live({ ...users, route: [destination('web-canary', { weight: 5, ...cookie })] });
    expect(patchOf(istio.cleanup(bare)).at(-1)?.value).toEqual([destination('web')]);
  });

  test('a connection route that came during the release gets a weight and nothing else', () => {
    const tcp = [{ route: [destination('web')] }];
    const object = virtualService('shop', [users], { tcp });
    const later = istio.record(aTrafficContext([object], { wants, originals }));
    const context = aTrafficContext([object], { wants, originals: later });
    expect(
      patchOf(istio.plan(context, { ...matched, mirror: 10 })).filter(({ path }) =>
        path.startsWith('/spec/tcp'),
      ),
    ).toEqual([
      { op: 'test', path: '/spec/tcp/0', value: tcp[0] },
      {
        op: 'replace',
        path: '/spec/tcp/0/route',
        value: [destination('web', { weight: 95 }), destination('web-canary', { weight: 5 })],
      },
    ]);
  });

  test('one of our own says all of it, too', () => {
    const [write] = istio.plan(aTrafficContext([], { wants }), { weight: 5, mirror: 10, matching: true });
    if (write?.verb !== 'create') throw new Error('nothing is made');
    expect(write.object.spec).toEqual({
      hosts: ['web'],
      http: [
        {
          name: 'sluice-match',
          match: [{ headers: beta }, { headers: stay }],
          route: [destination('web', { weight: 0 }), destination('web-canary', { weight: 100, ...cookie })],
        },
        {
          route: [destination('web', { weight: 95 }), destination('web-canary', { weight: 5, ...cookie })],
          mirrors: [{ destination: { host: 'web-canary' }, percentage: { value: 10 } }],
        },
      ],
    });
    const made = aTrafficContext([], { wants, originals: {}, made: [write.object] });
    expect(istio.observe(made)).toMatchObject({ weight: 5, mirror: 10, matching: true });
  });
});

test('fractions of a percent get a finer sum, one that is fine enough is kept', () => {
  const wants = { total: 10_000 };
  const weights = (sum: number) =>
    (
      patchOf(
        istio.plan(aTrafficContext([one(destination('web', { weight: sum }))], { wants }), percent(0.25)),
      ).at(-1)?.value as JsonObject[]
    ).map(({ weight }) => weight);
  expect(weights(100)).toEqual([9975, 25]);
  expect(weights(40_000)).toEqual([39_900, 100]);
});

test('at weight 100 stable stays a destination: of an only one the weight does not count', () => {
  const context = aTrafficContext([one(destination('web'))]);
  expect(patchOf(istio.plan(context, percent(100))).at(-1)?.value).toEqual([
    destination('web', { weight: 0 }),
    destination('web-canary', { weight: 100 }),
  ]);
});

test('every VirtualService that sends to the Service moves, of one host or of several, for gateways or the mesh', () => {
  const mesh = { gateways: ['mesh'] };
  const objects = [
    virtualService('a', [httpTo('/', [destination('web')])]),
    virtualService('b', [httpTo('/b', [destination('web')])]),
    virtualService('c', [httpTo('/', [destination('web')])], { ...mesh, hosts: ['web'], exportTo: ['.'] }),
    virtualService('d', [httpTo('/', [destination(FQDN)])], { gateways: [], hosts: [FQDN] }),
  ];
  const context = aTrafficContext(objects, { others: objects });
  expect(istio.refuse(context)).toEqual([]);
  const writes = istio.plan(context, percent(5));
  expect(writes.map((write) => ('ref' in write ? write.ref.name : ''))).toEqual(['a', 'b', 'c', 'd']);
  for (const write of writes) {
    if (write.verb !== 'jsonPatch') throw new Error('not edited in place');
    expect(write.patch.every(({ path }) => path.startsWith('/spec/http/0'))).toBe(true);
  }
});

test('a route behind one that catches everything moves with the others', () => {
  const routes = [{ route: [destination('web')] }, httpTo('/never', [destination('web')])];
  const context = aTrafficContext([virtualService('shop', routes)]);
  expect(patchOf(istio.plan(context, percent(5))).filter(({ op }) => op === 'replace')).toHaveLength(2);
});
