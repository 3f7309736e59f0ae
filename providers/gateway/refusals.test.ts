import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import {
  backend,
  grpcRoute,
  grpcRule,
  httpRoute,
  pathMatch,
  reportedBy,
  rule,
} from '../../test/support/routes.ts';
import { aTrafficContext } from '../../test/support/traffic.ts';
import { gateway } from './gateway.ts';
import type { TrafficContext, Wants } from '../provider.ts';

const refusals = (routes: KubeObject[], change: Partial<TrafficContext> = {}) =>
  gateway.refuse(aTrafficContext(routes, change));

/** Expects one refusal with this reason and these words, which ends with what to do about it. */
function expectRefused(got: ReturnType<typeof refusals>, reason: string, words: readonly string[]): void {
  expect(got, JSON.stringify(got)).toHaveLength(1);
  expect(got[0]?.reason).toBe(reason);
  for (const word of words) expect(got[0]?.sentence).toContain(word);
  expect(got[0]?.sentence).toMatch(/; [a-z].*\.$/);
}

const asked = (name: string, value: string, type = 'Exact'): JsonObject => ({ type, name, value });
const withHeaders = (...headers: JsonObject[]) =>
  httpRoute('shop', [{ matches: [{ ...pathMatch('/'), headers }], backendRefs: [backend('web')] }]);
const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const remove = { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['a'] } };
const mirror = (name: string) => ({
  type: 'RequestMirror',
  requestMirror: { backendRef: { name, port: 80 } },
});

const header: Wants = {
  total: 100,
  match: { headers: [{ name: 'X-Group', value: 'beta' }], cookies: [] },
};
const cookie: Wants = { total: 100, match: { headers: [], cookies: [{ name: 'group', value: 'b' }] } };
const sticky: Wants = { total: 100, sticky: { cookie: 'stay', maxAgeMs: 1000 } };
const all: Wants = { ...header, ...sticky, mirror: 100, total: 10_000 };
const shop = httpRoute('shop', [rule('/', [backend('web')])]);
const grpc = grpcRoute('calls', [grpcRule('a.B', [backend('web')])]);

test.each<[string, KubeObject, Wants]>([
  ['everything', shop, all],
  ['headers of gRPC', grpc, header],
  ['a rule that asks for another value of the header, beside one that does not', withOther(), header],
  ['fractions of gRPC', grpc, { total: 10_000, mirror: 10 }],
])('%s can be done', (_name, route, wants) => {
  expect(refusals([route], { wants })).toEqual([]);
});

describe('a rule with a name, at which policies may point', () => {
  const guarded = httpRoute('shop', [
    rule('/admin', [backend('web')], { name: 'admin' }),
    rule('/', [backend('web')]),
    rule('/api', [backend('api')], { name: 'api' }),
  ]);
  const calls = grpcRoute('calls', [grpcRule('a.B', [backend('web')], { name: 'admin' })]);

  test.each<[string, KubeObject, Wants, string]>([
    ['match by header', guarded, header, 'spec.match: rule "admin" of HTTPRoute shop'],
    ['match by cookie', guarded, cookie, 'spec.match: rule "admin" of HTTPRoute shop'],
    ['stickiness', guarded, sticky, 'spec.stickiness: rule "admin" of HTTPRoute shop'],
    ['match of gRPC', calls, header, 'spec.match: rule "admin" of GRPCRoute calls'],
  ])('is not copied under another name: %s', (_name, route, wants, words) => {
    const remedy = 'add admin to the annotation sluice.dev/copy-rules of Deployment web';
    expectRefused(refusals([route], { wants }), 'RuleNamed', [words, 'sectionName', remedy]);
  });

  test.each<[string, Wants]>([
    ['weights', { total: 10_000 }],
    ['copies of requests', { total: 100, mirror: 10 }],
    ['match, where the owner says that no policy points at it', { ...header, copyRules: ['admin'] }],
  ])('goes with %s', (_name, wants) => {
    expect(refusals([guarded], { wants })).toEqual([]);
  });

  test('and of another name than the owner listed is refused', () => {
    const wants = { ...header, copyRules: ['adm', 'api'] };
    expectRefused(refusals([guarded], { wants }), 'RuleNamed', ['rule "admin"']);
  });
});

function withOther(): KubeObject {
  const [other] = (withHeaders(asked('X-Group', 'alpha')).spec?.['rules'] ?? []) as JsonObject[];
  return httpRoute('shop', [other!, rule('/', [backend('web')])]);
}

describe('what a route has no way to say, or no room', () => {
  test.each<[string, KubeObject, Wants, string[]]>([
    ['cookies of gRPC', grpc, cookie, ['spec.match.cookies', 'GRPCRoute calls']],
    ['clients of gRPC that stay', grpc, sticky, ['spec.stickiness', 'GRPCRoute calls']],
    [
      'a 17th filter',
      httpRoute('shop', [rule('/', [backend('web')], { filters: many(16, () => mirror('audit')) })]),
      { total: 100, mirror: 10 },
      ['spec.mirror', 'rule 1 of HTTPRoute shop', '16'],
    ],
    [
      'a second Set-Cookie',
      httpRoute('shop', [
        rule('/', [
          backend('web', {
            filters: [
              {
                type: 'ResponseHeaderModifier',
                responseHeaderModifier: { set: [{ name: 'set-cookie', value: 'a=b' }] },
              },
            ],
          }),
        ]),
      ]),
      sticky,
      ['spec.stickiness', 'Set-Cookie'],
    ],
    ...[{ set: [{ name: 'set-cookie', value: 'a=b' }] }, { remove: ['set-cookie'] }].map(
      (responseHeaderModifier): [string, KubeObject, Wants, string[]] => [
        `cookies that the rule overrules by ${Object.keys(responseHeaderModifier).join()}`,
        httpRoute('shop', [
          rule('/', [backend('web')], {
            filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier }],
          }),
        ]),
        sticky,
        ['spec.stickiness', 'a filter of rule 1', 'Set-Cookie'],
      ],
    ),
    [
      'a 17th filter of a backend',
      httpRoute('shop', [rule('/', [backend('web', { filters: many(16, () => mirror('audit')) })])]),
      sticky,
      ['spec.stickiness', '16'],
    ],
    [
      'the same header, exactly',
      withHeaders(asked('x-group', 'beta')),
      header,
      ['x-group', 'only one for each header'],
    ],
    [
      'the same header, by expression',
      withHeaders(asked('X-Group', 'b.*', 'RegularExpression')),
      header,
      ['X-Group'],
    ],
    [
      'a user’s cookie match',
      withHeaders(asked('cookie', 'a=b')),
      sticky,
      ['spec.stickiness: ', 'cookie', 'only one for each header'],
    ],
    ['a header with another value, alone', withHeaders(asked('X-Group', 'alpha')), header, ['can match']],
    ['a 17th header', withHeaders(...many(16, (i) => asked(`X-${i}`, 'a'))), header, ['16 headers']],
    [
      'a 17th rule',
      httpRoute(
        'shop',
        many(9, (i) => rule(`/${i}`, [backend('web')])),
      ),
      header,
      ['9 rules', '9 more', '16'],
    ],
    [
      'a 129th match',
      httpRoute('shop', [
        { matches: many(60, (i) => pathMatch(`/${i}`)), backendRefs: [backend('web')] },
        { matches: many(10, (i) => pathMatch(`/x/${i}`)), backendRefs: [backend('x')] },
      ]),
      header,
      ['70 matches', '60 more', '128'],
    ],
  ])('%s', (_name, route, wants, words) => {
    expectRefused(refusals([route], { wants }), 'StrategyUnsupported', words);
    expect(refusals([route])).toEqual([]);
  });
});

describe('precedence: a header more may win against a rule of another Service', () => {
  const other = (match: JsonObject) => ({
    matches: [{ ...pathMatch('/'), ...match }],
    backendRefs: [backend('x')],
  });
  const web = rule('/', [backend('web')]);
  const q = { queryParams: [asked('q', '1')] };
  const h = (...headers: JsonObject[]) => ({ headers });
  const webAsks = (match: JsonObject) => ({ ...other(match), backendRefs: [backend('web')] });

  test.each<[string, JsonObject[]]>([
    ['that won by a query parameter', [web, other(q)]],
    ['that stood first, with other headers', [other(h(asked('A', '1'))), webAsks(h(asked('B', '1')))]],
    [
      'that won by a parameter and lost by none',
      [webAsks(h(asked('B', '1'))), other({ ...h(asked('A', '1')), ...q })],
    ],
    ['that asked for one header, against parameters', [webAsks(q), other(h(asked('A', '1')))]],
  ])('%s: refused', (_name, rules) => {
    expectRefused(refusals([httpRoute('shop', rules)], { wants: header }), 'StrategyUnsupported', [
      'spec.match',
      'would lose requests',
    ]);
  });

  test.each<[string, JsonObject[]]>([
    ['another path', [web, rule('/x', [backend('x')])]],
    ['a header, to which ours stands behind', [web, other(h(asked('A', '1')))]],
    ['two headers', [web, other(h(asked('A', '1'), asked('B', '1')))]],
    ['another method', [web, other({ method: 'POST', ...q })]],
    ['another value of our header', [web, other({ ...h(asked('X-Group', 'alpha')), ...q })]],
    [
      'another value of a parameter',
      [
        webAsks({ queryParams: [asked('q', '2')] }),
        other({ queryParams: [asked('q', '1'), asked('r', '1')] }),
      ],
    ],
    ['nothing more: it lost before', [web, other({})]],
    ['a rule of the same Service, which has its own', [web, webAsks(q)]],
  ])('%s: none of its business', (_name, rules) => {
    expect(refusals([httpRoute('shop', rules)], { wants: header })).toEqual([]);
  });
});

describe('what looks like ours before a release', () => {
  test.each<[string, JsonObject, string]>([
    [
      'copies to the canary',
      rule('/', [backend('web')], { filters: [mirror('web-canary')] }),
      'copies requests',
    ],
    ['the name of our rules', rule('/b', [backend('web')], { name: 'web-canary-match-1' }), 'looks like'],
  ])('%s', (_name, second, word) => {
    const route = httpRoute('shop', [rule('/', [backend('web')]), second]);
    expectRefused(refusals([route]), 'RouteUnsupported', [word]);
    expect(refusals([route], { originals: {} })).toEqual([]);
  });
});

const service = (name: string, more: JsonObject = {}): JsonObject => ({
  group: '',
  kind: 'Service',
  name,
  ...more,
});
const mesh = (parents: JsonObject[], rules = [rule('/', [backend('web')])]) =>
  httpRoute('shop', rules, { parentRefs: parents });

describe('routes of a mesh', () => {
  test.each<[string, KubeObject]>([
    ['the stable Service as parent', mesh([service('web')])],
    ['one port of it', mesh([service('web', { port: 80 })])],
    ['another Service, whose requests are shared', mesh([service('shop')])],
    [
      'a Service of another namespace: for clients of this one',
      mesh([service('web', { namespace: 'other' })]),
    ],
    ['a Gateway too', mesh([service('web'), { name: 'public' }])],
    ['a GRPCRoute', grpcRoute('calls', [grpcRule('', [backend('web')])], { parentRefs: [service('web')] })],
  ])('%s is accepted', (_name, route) => {
    for (const name of ['istio.io/mesh-controller', 'linkerd.io/policy-controller']) {
      expect(refusals([reportedBy(route, name)])).toEqual([]);
      expect(gateway.observe(aTrafficContext([reportedBy(route, name)])).acknowledged).toBe(
        name.startsWith('linkerd') ? 'unknown' : 'yes',
      );
    }
  });

  test('a parent without the group of Services is no Service', () => {
    expectRefused(refusals([mesh([{ kind: 'Service', name: 'web' }])]), 'RouteUnsupported', ['group: ""']);
  });

  test('a parent nobody reports on, while somebody does on another', () => {
    const route = reportedBy(mesh([{ name: 'public' }]), 'istio.io/gateway-controller');
    const both = { ...route, spec: { ...route.spec, parentRefs: [{ name: 'public' }, service('web')] } };
    expectRefused(refusals([both]), 'RouteUnsupported', ['parent Service web', 'HTTPRoute shop']);
  });
});

describe('Linkerd', () => {
  const LINKERD = 'linkerd.io/policy-controller';
  const served = (route: KubeObject) => reportedBy(route, LINKERD);
  const meshed = (rules: JsonObject[]) => mesh([service('web', { port: 80 })], rules);
  const rewrite = { type: 'URLRewrite', urlRewrite: { hostname: 'a.example.com' } };
  const extension = { type: 'ExtensionRef', extensionRef: { group: 'a.b', kind: 'C', name: 'd' } };

  test.each<[string, JsonObject[], string]>([
    ['copies of the user’s', [rule('/', [backend('web')], { filters: [mirror('audit')] })], 'RequestMirror'],
    ['a rewrite', [rule('/', [backend('web')], { filters: [remove, rewrite] })], 'URLRewrite'],
    ['an extension at a backend', [rule('/', [backend('web', { filters: [extension] })])], 'ExtensionRef'],
    [
      'a filter in a rule of another Service',
      [rule('/', [backend('web')]), rule('/x', [backend('x')], { filters: [rewrite] })],
      'URLRewrite',
    ],
    ['a backend without a port', [rule('/', [{ name: 'web' }])], 'port'],
  ])('%s is refused', (_name, rules, word) => {
    expectRefused(refusals([served(meshed(rules))]), 'RouteUnsupported', [word, 'HTTPRoute shop']);
    expect(refusals([reportedBy(meshed(rules), 'istio.io/mesh-controller')])).toEqual([]);
  });

  test('our copies are refused, whether at a Gateway or in the mesh', () => {
    const wants: Wants = { total: 100, mirror: 10 };
    const route = meshed([rule('/', [backend('web')])]);
    expectRefused(refusals([served(route)], { wants }), 'StrategyUnsupported', ['spec.mirror', 'Linkerd']);
    expect(refusals([reportedBy(route, 'istio.io/mesh-controller')], { wants })).toEqual([]);
  });

  test('two kinds of route at one Service are refused, also if one of them is not in scope', () => {
    const route = served(meshed([rule('/', [backend('web')])]));
    const calls = grpcRoute('calls', [grpcRule('', [backend('x')])], { parentRefs: [service('web')] });
    expectRefused(refusals([route], { others: [calls, route] }), 'RouteUnsupported', [
      'GRPCRoute calls',
      'Service web',
    ]);
    const elsewhere = grpcRoute('calls', [], {
      parentRefs: [service('x'), service('web', { namespace: 'other' })],
    });
    expect(refusals([route], { others: [elsewhere, route] })).toEqual([]);
  });

  test('a headless Service is refused', () => {
    const route = served(meshed([rule('/', [backend('web')])]));
    const stableService = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { clusterIP: 'None' },
    };
    expectRefused(refusals([route], { stableService }), 'RouteUnsupported', ['spec.clusterIP', 'None']);
  });
});
