import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { serviceProfile } from '../../test/support/linkerd.ts';
import { backend, httpRoute, rule } from '../../test/support/routes.ts';
import { aTrafficContext, percent } from '../../test/support/traffic.ts';
import { gateway } from './gateway.ts';
import { isMore } from '../shared/wants.ts';

const route = (...refs: JsonObject[]) => httpRoute('shop', [rule('/', refs)]);
const split = (canary: number) =>
  route(backend('web', { weight: 100 - canary }), backend('web-canary', { weight: canary }));

describe('what is written', () => {
  test('the canary stands next to stable with its other fields, guarded by the rule as it was read', () => {
    const filters = [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['X-A'] } }];
    const given = route(backend('web', { filters }));
    expect(gateway.plan(aTrafficContext([given]), percent(5))).toEqual([
      {
        verb: 'jsonPatch',
        ref: expect.objectContaining({ name: 'shop', namespace: 'shop' }) as unknown,
        patch: [
          { op: 'test', path: '/spec/rules/0', value: rule('/', [backend('web', { filters })]) },
          {
            op: 'replace',
            path: '/spec/rules/0/backendRefs',
            value: [backend('web', { filters, weight: 95 }), backend('web-canary', { filters, weight: 5 })],
          },
        ],
      },
    ]);
  });

  test('from then on only weights move', () => {
    const context = aTrafficContext([split(5)], {
      originals: gateway.record(aTrafficContext([route(backend('web'))])),
    });
    const [write] = gateway.plan(context, percent(0));
    expect(write?.verb === 'jsonPatch' && write.patch.slice(1)).toEqual([
      { op: 'add', path: '/spec/rules/0/backendRefs/0/weight', value: 100 },
      { op: 'add', path: '/spec/rules/0/backendRefs/1/weight', value: 0 },
    ]);
  });

  test('a canary left alone by somebody gets its stable back', () => {
    const originals = gateway.record(aTrafficContext([route(backend('web'))]));
    const context = aTrafficContext([route(backend('web-canary', { weight: 5 }))], { originals });
    expect(gateway.observe(context).weight).toBe(100);
    const values = [gateway.plan(context, percent(0)), gateway.cleanup(context)].map(([write]) =>
      write?.verb === 'jsonPatch' ? write.patch.at(-1)?.value : undefined,
    );
    expect(values).toEqual([
      [backend('web', { weight: 100 }), backend('web-canary', { weight: 0 })],
      [backend('web')],
    ]);
  });

  test('without a record the canary’s share goes back to stable', () => {
    const [write] = gateway.cleanup(aTrafficContext([split(5)], { originals: {} }));
    expect(write?.verb === 'jsonPatch' && write.patch.at(-1)?.value).toEqual([
      backend('web', { weight: 100 }),
    ]);
  });
});

test('a named rule is found again by its name, wherever it moved and whatever else changed', () => {
  const named = (name: string, path: string, refs: JsonObject[]) => rule(path, refs, { name });
  const before = httpRoute('shop', [
    named('a', '/a', [backend('web', { weight: 3 })]),
    named('b', '/b', [backend('web', { weight: 7 })]),
  ]);
  const originals = gateway.record(aTrafficContext([before]));
  const half = [backend('web', { weight: 50 }), backend('web-canary', { weight: 50 })];
  const now = httpRoute('shop', [named('b', '/new-b', half), named('a', '/new-a', half)]);
  const [write] = gateway.cleanup(aTrafficContext([now], { originals }));
  const restored = write?.verb === 'jsonPatch' ? write.patch.filter(({ op }) => op === 'replace') : [];
  expect(restored.map(({ value }) => value)).toEqual([
    [backend('web', { weight: 7 })],
    [backend('web', { weight: 3 })],
  ]);
});

describe('what is remembered', () => {
  const first = gateway.record(aTrafficContext([route(backend('web', { weight: 3 }))]));

  test('an edited rule is not recorded again', () => {
    expect(gateway.record(aTrafficContext([split(5)], { originals: first }))).toEqual(first);
  });

  test('a rule that its author put back with another weight is', () => {
    const again = gateway.record(
      aTrafficContext([route(backend('web', { weight: 4 }))], { originals: first }),
    );
    expect(again).toEqual({ 'HTTPRoute/shop': { rules: [expect.objectContaining({ weights: [4] })] } });
  });

  test('a rule that came later stays on stable, and is said to, until it is recorded', () => {
    const rules = [
      rule('/', [backend('web', { weight: 95 }), backend('web-canary', { weight: 5 })]),
      rule('/new', [backend('web')]),
    ];
    const context = aTrafficContext([httpRoute('shop', rules)], { originals: first });
    expect(gateway.plan(context, percent(5))).toEqual([]);
    expect(gateway.observe(context)).toMatchObject({
      weight: 5,
      problem: 'rule 2 of HTTPRoute shop was added during the release and sends only to Service web',
    });
    const recorded = { ...context, originals: gateway.record(context) };
    expect(gateway.plan(recorded, percent(5))).toHaveLength(1);
  });

  test('a record that cannot be read stops nothing', () => {
    const context = aTrafficContext([split(50)], { originals: { 'HTTPRoute/shop': 'broken' } });
    expect(gateway.plan(context, percent(0))).toHaveLength(1);
    expect(gateway.cleanup(context)).toHaveLength(1);
  });
});

describe('what is observed', () => {
  const observe = (given: KubeObject) => gateway.observe(aTrafficContext([given], { originals: {} }));

  test('rules that disagree have no weight', () => {
    const refs = (canary: number) => [
      backend('web', { weight: 100 - canary }),
      backend('web-canary', { weight: canary }),
    ];
    const got = observe(httpRoute('shop', [rule('/', refs(5)), rule('/b', refs(50), { name: 'b' })]));
    expect(got.weight).toBeUndefined();
    expect([5, 50].map((weight) => isMore(got, percent(weight)))).toEqual([true, false]);
    expect(got.problem).toBe(
      'the rules send different shares to Service web-canary: rule 1 of HTTPRoute shop 5%, rule "b" of HTTPRoute shop 50%',
    );
  });

  test('a destination that somebody added takes its share and is named', () => {
    const got = observe(
      route(
        backend('web', { weight: 50 }),
        backend('web-canary', { weight: 50 }),
        backend('third', { weight: 100 }),
      ),
    );
    expect(got.weight).toBe(25);
    expect(got.problem).toContain('Service third');
  });

  test('nothing is sent where no rule is left', () => {
    expect(observe(route(backend('third'))).weight).toBe(0);
    expect(gateway.observe(aTrafficContext([], { originals: {} }))).toEqual({
      weight: 0,
      acknowledged: 'yes',
    });
  });

  const parent: JsonObject = { name: 'public' };
  const condition = (type: string, status: string, more: JsonObject = { observedGeneration: 7 }) => ({
    type,
    status,
    message: `about ${type}`,
    ...more,
  });
  const good = [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')];
  const withStatus = (
    parents: { parentRef: JsonObject; conditions: JsonObject[] }[],
    refs = [parent],
  ): KubeObject => {
    const given = split(5);
    return {
      ...given,
      metadata: { ...given.metadata, generation: 7 },
      spec: { ...given.spec, parentRefs: refs },
      status: { parents },
    };
  };

  test.each<[string, KubeObject, string]>([
    ['this generation, accepted and resolved', withStatus([{ parentRef: parent, conditions: good }]), 'yes'],
    ['no status', split(5), 'pending'],
    [
      'the status of another parent',
      withStatus([{ parentRef: { name: 'other' }, conditions: good }]),
      'pending',
    ],
    [
      'an older generation',
      withStatus([
        {
          parentRef: parent,
          conditions: [good[0]!, condition('ResolvedRefs', 'True', { observedGeneration: 6 })],
        },
      ]),
      'pending',
    ],
    [
      'no generation',
      withStatus([
        {
          parentRef: parent,
          conditions: [condition('Accepted', 'True', {}), condition('ResolvedRefs', 'True', {})],
        },
      ]),
      'unknown',
    ],
    [
      'generation 0',
      withStatus([
        {
          parentRef: parent,
          conditions: [good[0]!, condition('ResolvedRefs', 'True', { observedGeneration: 0 })],
        },
      ]),
      'unknown',
    ],
    ['one condition missing', withStatus([{ parentRef: parent, conditions: [good[0]!] }]), 'pending'],
    [
      'a parent with its defaults filled in',
      withStatus([
        {
          parentRef: {
            group: 'gateway.networking.k8s.io',
            kind: 'Gateway',
            namespace: 'shop',
            name: 'public',
          },
          conditions: good,
        },
      ]),
      'yes',
    ],
    [
      'the core group by another name',
      withStatus(
        [{ parentRef: { group: 'core', kind: 'Service', name: 'web', port: 80 }, conditions: good }],
        [{ group: '', kind: 'Service', name: 'web', port: 80 }],
      ),
      'yes',
    ],
    [
      'one of two parents',
      withStatus([{ parentRef: parent, conditions: good }], [parent, { name: 'second' }]),
      'pending',
    ],
    [
      'another section of the same Gateway',
      withStatus([{ parentRef: { ...parent, sectionName: 'https' }, conditions: good }]),
      'pending',
    ],
    [
      'a second, silent controller',
      withStatus([
        { parentRef: parent, conditions: [] },
        { parentRef: parent, conditions: good },
      ]),
      'yes',
    ],
  ])('%s: %#', (_name, given, want) => {
    const got = observe(given);
    expect(got.acknowledged).toBe(want);
    expect(got.problem).toBeUndefined();
  });

  test.each<[string, JsonObject[]]>([
    ['Accepted=False', [condition('Accepted', 'False'), good[1]!]],
    ['ResolvedRefs=False', [good[0]!, condition('ResolvedRefs', 'False')]],
    ['PartiallyInvalid=True', [...good, condition('PartiallyInvalid', 'True', { observedGeneration: 6 })]],
  ])('%s is a rejection with the reason', (text, conditions) => {
    const got = observe(withStatus([{ parentRef: parent, conditions }]));
    expect(got).toMatchObject({ weight: 5, acknowledged: 'pending' });
    expect(got.problem).toBe(`HTTPRoute shop has the condition ${text}: about ${text.replace(/=.*/, '')}`);
  });

  const off = { ...split(0).spec, parentRefs: [parent] };
  const unresolved = condition('ResolvedRefs', 'False');
  test.each<[string, string, JsonObject[]]>([
    ['an unresolved reference', 'yes', [good[0]!, unresolved]],
    ['one without a generation', 'unknown', [good[0]!, condition('ResolvedRefs', 'False', {})]],
    [
      'one of an older generation',
      'pending',
      [good[0]!, condition('ResolvedRefs', 'False', { observedGeneration: 6 })],
    ],
    [
      'an older generation accepted',
      'pending',
      [condition('Accepted', 'True', { observedGeneration: 6 }), unresolved],
    ],
    ['a route that is not accepted', 'pending', [condition('Accepted', 'False'), unresolved]],
    [
      'rules that are in force in part',
      'pending',
      [good[0]!, unresolved, condition('PartiallyInvalid', 'True')],
    ],
  ])('with nothing on the canary, %s: %s', (_name, want, conditions) => {
    const given = { ...withStatus([{ parentRef: parent, conditions }]), spec: off };
    expect(observe(given)).toMatchObject({ weight: 0, acknowledged: want });
    const others = [{ parentRef: { ...parent, name: 'second' }, conditions: good }];
    const two = withStatus([{ parentRef: parent, conditions }, ...others], [parent, { name: 'second' }]);
    const spec = { ...two.spec, rules: split(0).spec?.['rules'] };
    expect(observe({ ...two, spec }).acknowledged).toBe(want);
  });

  test('an unresolved reference is told with nothing on the canary too', () => {
    const conditions = [good[0]!, unresolved];
    const given = { ...withStatus([{ parentRef: parent, conditions }]), spec: off };
    expect(observe(given).problem).toContain('ResolvedRefs=False: about ResolvedRefs');
  });
});

describe('what is refused', () => {
  test.each<[string, KubeObject, string, string]>([
    ['a third destination', route(backend('web'), backend('third')), 'ForeignDestination', 'Service third'],
    [
      'a third destination of weight 0',
      route(backend('web'), backend('third', { weight: 0 })),
      'ForeignDestination',
      'Service third',
    ],
    [
      'the Service’s name in another namespace',
      route(backend('web'), backend('web', { namespace: 'other' })),
      'ForeignDestination',
      'Service web',
    ],
    [
      'the name as another kind',
      route(backend('web'), { kind: 'Bucket', name: 'web' }),
      'ForeignDestination',
      'Bucket web',
    ],
    ['the canary Service', route(backend('web'), backend('web-canary')), 'RouteUnsupported', 'web-canary'],
    ['only weights of 0', route(backend('web', { weight: 0 })), 'RouteUnsupported', 'weight 0'],
    [
      'no parent',
      httpRoute('shop', [rule('/', [backend('web')])], { parentRefs: [] }),
      'RouteUnsupported',
      'spec.parentRefs',
    ],
    [
      'no room',
      route(...Array.from({ length: 9 }, (_, i) => backend('web', { port: 80 + i }))),
      'RouteUnsupported',
      'of at most 16',
    ],
  ])('%s', (_name, given, reason, word) => {
    const got = gateway.refuse(aTrafficContext([given]));
    expect(got).toHaveLength(1);
    expect(got[0]?.reason).toBe(reason);
    expect(got[0]?.sentence).toContain(word);
  });

  test('a route that its Gateway rejects already', () => {
    const conditions = [
      { type: 'ResolvedRefs', status: 'False', message: 'no such Secret', observedGeneration: 1 },
    ];
    const rejected: KubeObject = {
      ...route(backend('web')),
      status: { parents: [{ parentRef: { name: 'public' }, conditions }] },
    };
    const got = gateway.refuse(aTrafficContext([rejected]));
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({ reason: 'RouteRejected' });
    expect(got[0]?.sentence).toContain('ResolvedRefs=False: no such Secret');
    expect(gateway.refuse(aTrafficContext([rejected], { originals: {} }))).toEqual([]);
  });

  test('in a release our own backendRef is no reason', () => {
    expect(gateway.refuse(aTrafficContext([split(5)], { originals: {} }))).toEqual([]);
  });
});

describe('a route of the mesh that a ServiceProfile of Linkerd puts out of force', () => {
  const mesh = httpRoute('mesh', [rule('/', [backend('web')])], {
    parentRefs: [{ kind: 'Service', group: 'core', name: 'web', port: 80 }],
  });
  const empty = serviceProfile('web');
  const routed = { ...empty, spec: { routes: [{ name: 'GET' }] } };

  test.each([
    ['routes', mesh, routed, ['spec.routes']],
    ['left overrides', mesh, serviceProfile('web', { web: 1 }), ['spec.dstOverrides']],
    ['nothing in it', mesh, empty, []],
    ['another Service', mesh, serviceProfile('api', { api: 1 }), []],
  ])('is refused: %s', (_name, given, profile, words) => {
    const refusals = gateway.refuse(aTrafficContext([given], { others: [profile] }));
    expect(refusals.map(({ sentence }) => sentence)).toEqual(
      words.map((word) => expect.stringMatching(new RegExp(`${word}.*HTTPRoute mesh.*; remove`)) as string),
    );
  });

  test('a route of a Gateway, even one called like the Service, is not', () => {
    const others = [serviceProfile('web', { web: 1 })];
    const edge = httpRoute('shop', [rule('/', [backend('web')])], { parentRefs: [{ name: 'web' }] });
    expect(gateway.refuse(aTrafficContext([edge], { others }))).toEqual([]);
  });
});
