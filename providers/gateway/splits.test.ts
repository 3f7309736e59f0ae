import { describe, expect, test } from 'vitest';
import { getObjects, type JsonObject } from '../../lib/json.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import {
  backend,
  grpcRoute,
  grpcRule,
  httpRoute,
  reportedBy,
  rule,
  pathMatch,
} from '../../test/support/routes.ts';
import { after, BETA, matching, patchOf, shop } from '../../test/support/gateway-splits.ts';
import { aTrafficContext } from '../../test/support/traffic.ts';
import { gateway } from './gateway.ts';
import { OFF, type Split, type TrafficContext, type Wants } from '../provider.ts';
import { NOTHING_WANTED } from '../shared/wants.ts';

test('a fraction of a percent makes the sum ten thousand', () => {
  expect(after({ ...OFF, weight: 0.05 }, { total: 10_000 })).toEqual([
    rule('/', [backend('web', { weight: 9995 }), backend('web-canary', { weight: 5 })]),
  ]);
});

test('at 100 stable stays in the list', () => {
  expect(after({ ...OFF, weight: 100 }, { total: 100 })).toEqual([
    rule('/', [backend('web', { weight: 0 }), backend('web-canary', { weight: 100 })]),
  ]);
});

describe('copies', () => {
  const mirror = (name: string, more: JsonObject = {}) => ({
    type: 'RequestMirror',
    requestMirror: { backendRef: { group: '', kind: 'Service', name, port: 80 }, ...more },
  });
  const audited = httpRoute('shop', [rule('/', [backend('web')], { filters: [mirror('audit')] })]);
  const mirrored = (percent: number): Split => ({ ...OFF, mirror: percent });

  test('go to the canary beside the user’s own copies, and no weight is touched', () => {
    expect(after(mirrored(10), { total: 100, mirror: 10 }, audited)).toEqual([
      rule('/', [backend('web')], { filters: [mirror('audit'), mirror('web-canary', { percent: 10 })] }),
    ]);
  });

  test('go again, and the user’s stay', () => {
    const [copied] = after(mirrored(10), { total: 100, mirror: 10 }, audited);
    const context = aTrafficContext([httpRoute('shop', [copied!])], { originals: {} });
    expect(patchOf(gateway.plan(context, OFF)).slice(1)).toEqual([
      { op: 'replace', path: '/spec/rules/0/filters', value: [mirror('audit')] },
    ]);
  });

  test('of everything name no percentage, which old servers do not know', () => {
    expect(after(mirrored(100), { total: 100, mirror: 100 })[0]?.['filters']).toEqual([mirror('web-canary')]);
  });

  test('of everything where less was wanted are told, with the reason', () => {
    const standing = httpRoute('shop', [rule('/', [backend('web')], { filters: [mirror('web-canary')] })]);
    const seen = gateway.observe(
      aTrafficContext([standing], { originals: {}, wants: { total: 100, mirror: 10 } }),
    );
    expect(seen).toMatchObject({ mirror: 100, problem: expect.stringContaining('instead of 10%') as string });
  });

  test('use the port of the backend that serves', () => {
    const two = httpRoute('shop', [
      rule('/', [backend('web', { weight: 0 }), backend('web', { port: 81, weight: 2 })]),
    ]);
    const [filter] = getObjects(after(mirrored(100), { total: 100, mirror: 100 }, two)[0], 'filters');
    expect(filter).toMatchObject({ requestMirror: { backendRef: { port: 81 } } });
  });

  test.each([
    [[], undefined],
    [[mirror('audit')], undefined],
    [[mirror('web-canary')], true],
  ])('a forgotten copy makes a route one that names the canary: %#', (filters, want) => {
    const given = httpRoute('shop', [rule('/', [backend('web')], { filters })]);
    expect(gateway.names(given, 'web-canary')).toBe(want ?? false);
    expect(gateway.names(given, 'audit')).toBe(false);
  });

  test('a forgotten copy goes, though there is no record and no policy', () => {
    const given = httpRoute('shop', [rule('/', [backend('web')], { filters: [mirror('web-canary')] })]);
    expect(patchOf(gateway.plan(aTrafficContext([given]), OFF)).slice(1)).toEqual([
      { op: 'remove', path: '/spec/rules/0/filters' },
    ]);
  });
});

describe('clients that stay', () => {
  const wants: Wants = { total: 100, sticky: { cookie: 'stay', maxAgeMs: 60_000 } };
  const split: Split = { ...OFF, weight: 5, matching: true };
  const setCookie = {
    name: 'Set-Cookie',
    value: expect.stringMatching(/^stay=web-7; .*Max-Age=60/) as string,
  };

  test('get a cookie from the canary, beside what its backendRef does already', () => {
    const filters = [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['Server'] } }];
    const given = httpRoute('shop', [rule('/', [backend('web', { filters })])]);
    const [weighted] = after(split, wants, given);
    const [stable, canary] = getObjects(weighted, 'backendRefs');
    expect(getObjects(stable, 'filters')).toEqual(filters);
    expect(getObjects(canary, 'filters')).toEqual([
      {
        type: 'ResponseHeaderModifier',
        responseHeaderModifier: { remove: ['Server'], add: [setCookie] },
      },
    ]);
  });

  test('without the cookie on the canary nobody would stay, and that is no match', () => {
    const rules = after(split, wants);
    const bare = rules.map((each, i) =>
      i > 0 ? each : rule('/', [backend('web', { weight: 95 }), backend('web-canary', { weight: 5 })]),
    );
    const seen = gateway.observe(aTrafficContext([httpRoute('shop', bare)], { originals: {}, wants }));
    expect(seen.weight).toBeUndefined();
  });

  test('a stable backend made of a lonely canary keeps none of it', () => {
    const [weighted] = after(split, wants);
    const lonely = getObjects(weighted, 'backendRefs').slice(1);
    const context = aTrafficContext([httpRoute('shop', [rule('/', lonely)])], { originals: {} });
    expect(patchOf(gateway.cleanup(context)).at(-1)?.value).toEqual([backend('web', { weight: 5 })]);
  });
});

describe('Envoy Gateway', () => {
  const EG = 'gateway.envoyproxy.io/gatewayclass-controller';
  const filtersOf = (rules: JsonObject[]) =>
    getObjects(rules[0], 'backendRefs').map((ref) => getObjects(ref, 'filters').length);
  const weighted: Split = { ...OFF, weight: 5 };

  test.each([
    ['gets a filter on the canary, so that its metrics tell the arms apart', reportedBy(shop, EG), [0, 1]],
    ['also beside another implementation', reportedBy(shop, 'linkerd.io/policy-controller', EG), [0, 1]],
    [
      'needs none where the backend has one',
      reportedBy(
        httpRoute('shop', [
          rule('/', [
            backend('web', {
              filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['a'] } }],
            }),
          ]),
        ]),
        EG,
      ),
      [1, 1],
    ],
    ['is not the only one: others get none', reportedBy(shop, 'istio.io/gateway-controller'), [0, 0]],
  ])('%s', (_name, given, want) => {
    expect(filtersOf(after(weighted, { total: 100 }, given))).toEqual(want);
  });

  test('keeps it when its status is gone for a while', () => {
    const rules = after(weighted, { total: 100 }, reportedBy(shop, EG));
    const context = aTrafficContext([httpRoute('shop', rules)], { originals: {} });
    expect(patchOf(gateway.plan(context, { ...OFF, weight: 50 })).map(({ path }) => path)).toEqual([
      '/spec/rules/0',
      '/spec/rules/0/backendRefs/0/weight',
      '/spec/rules/0/backendRefs/1/weight',
    ]);
  });
});

test('an HTTPRoute and a GRPCRoute of one name keep records apart, and have to agree', () => {
  const grpc = grpcRoute('shop', [grpcRule('a.B', [backend('web', { weight: 3 })])]);
  const originals = gateway.record(aTrafficContext([shop, grpc]));
  expect(Object.keys(originals)).toEqual(['HTTPRoute/shop', 'GRPCRoute/shop']);
  expect(gateway.record(aTrafficContext([shop, grpc], { originals }))).toEqual(originals);
  const half = httpRoute('shop', [
    rule('/', [backend('web', { weight: 50 }), backend('web-canary', { weight: 50 })]),
  ]);
  const seen = gateway.observe(aTrafficContext([half, grpc], { originals }));
  expect(seen.weight).toBeUndefined();
  expect(seen.problem).toBe(
    'the rules send different shares to Service web-canary: rule 1 of HTTPRoute shop 50%, rule 1 of GRPCRoute shop 0%',
  );
});

test('a rule that somebody adds for what matches stays theirs, also where everything goes to the canary', () => {
  const [asking] = httpRoute('shop', [rule('/', [backend('web')])]).spec?.['rules'] as JsonObject[];
  const headers = [{ type: 'Exact', name: 'X-Group', value: 'beta' }];
  const theirs = { ...asking, matches: [{ ...pathMatch('/'), headers }] };
  const all: Split = { ...OFF, weight: 100 };
  const [split] = after(all, BETA, httpRoute('shop', [theirs]));
  expect(split).toEqual({
    ...theirs,
    backendRefs: [backend('web', { weight: 0 }), backend('web-canary', { weight: 100 })],
  });
  expect(after(OFF, BETA, httpRoute('shop', [rule('/', [backend('web')]), split!]))).toEqual([
    rule('/', [backend('web')]),
    { ...theirs, backendRefs: [backend('web', { weight: 100 }), backend('web-canary', { weight: 0 })] },
  ]);
});

describe('where somebody took away every rule but ours', () => {
  const sticky: Wants = { ...BETA, sticky: { cookie: 'stay', maxAgeMs: 60_000 } };
  const two = httpRoute('shop', [
    rule('/a', [backend('web', { weight: 3 }), backend('web', { port: 81, weight: 1 })], {
      timeouts: { request: '3s' },
    }),
    rule('/', [backend('web')], { name: 'root' }),
  ]);
  /** Everything of a release of `two` without the rules of the user. */
  function orphaned(wants: Wants) {
    const world = new ObjectWorld([two]);
    const first = aTrafficContext(world.list('HTTPRoute'), { wants });
    const originals = gateway.record(first);
    for (const write of gateway.plan({ ...first, originals }, matching)) world.apply(write);
    const ours = getObjects(world.list('HTTPRoute')[0], 'spec', 'rules').slice(2);
    world.put(httpRoute('shop', ours));
    return { world, ours, context: () => aTrafficContext(world.list('HTTPRoute'), { wants, originals }) };
  }

  test.each([
    ['plan', (context: TrafficContext) => gateway.plan(context, OFF)],
    ['cleanup', (context: TrafficContext) => gateway.cleanup(context)],
  ])('the last of ours becomes the user’s, in one write: %s', (_, writesOf) => {
    const { world, ours, context } = orphaned(sticky);
    expect(ours).toHaveLength(2);
    for (const known of [sticky, NOTHING_WANTED]) {
      const writes = writesOf({ ...context(), wants: known });
      expect(writes).toHaveLength(1);
      world.apply(writes[0]!);
      expect(getObjects(world.list('HTTPRoute')[0], 'spec', 'rules')).toEqual([
        { matches: ours[1]?.['matches'], backendRefs: [backend('web', { weight: 1 })] },
      ]);
      expect(writesOf({ ...context(), wants: known })).toEqual([]);
      expect(gateway.observe(context())).toMatchObject({ weight: 0 });
      world.put(httpRoute('shop', ours));
    }
  });

  test('it has what the canary had, in proportion', () => {
    const { world, ours, context } = orphaned(BETA);
    world.put(httpRoute('shop', ours.slice(0, 1)));
    for (const write of gateway.plan(context(), OFF)) world.apply(write);
    const [turned] = getObjects(world.list('HTTPRoute')[0], 'spec', 'rules');
    const weights = getObjects(turned, 'backendRefs').map(({ name, port, weight }) => [name, port, weight]);
    expect(weights).toEqual([
      ['web', 80, 74],
      ['web', 81, 25],
    ]);
    expect(turned).toMatchObject({ timeouts: { request: '3s' } });
  });

  test('while requests are to match nothing is written that no server would take', () => {
    expect(gateway.plan(orphaned(BETA).context(), matching)).toEqual([]);
  });

  test.each([
    ['never', BETA, 1],
    ['at most once', sticky, 2],
  ])('what became the user’s is copied %s', (_, wants, most) => {
    const { world, ...first } = orphaned(wants);
    let context = first.context();
    for (const split of [OFF, { ...matching, weight: 5 }, OFF, { ...matching, weight: 5 }]) {
      context = { ...context, routes: world.list('HTTPRoute') };
      context = { ...context, originals: gateway.record(context) };
      for (const write of gateway.plan(context, split)) world.apply(write);
    }
    expect(getObjects(world.list('HTTPRoute')[0], 'spec', 'rules')).toHaveLength(most);
  });
});
