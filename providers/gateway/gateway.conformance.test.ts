import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { fromCrd } from '../../test/support/crd-arbitrary.ts';
import { foreignCheck } from '../../test/support/kinds/index.ts';
import { placesOf } from '../../test/support/gateway-router.ts';
import { backend, httpRoute, pathMatch, reportedBy, rule } from '../../test/support/routes.ts';
import {
  describeProvider,
  LADDERS,
  type Fixtures,
  type ForeignEdit,
  type World,
} from '../conformance/suite.ts';
import { gateway } from './gateway.ts';

const validate = foreignCheck('HTTPRoute', 'v1');

test('the schema finds a wrong HTTPRoute wrong', () => {
  expect(validate(httpRoute('shop', [rule('/', [backend('web', { weight: -1 })])]))).not.toEqual([]);
  expect(validate(httpRoute('shop', [rule('/', [backend('web')])]))).toEqual([]);
});

const header = (name: string): JsonObject => ({
  type: 'ResponseHeaderModifier',
  responseHeaderModifier: { add: [{ name, value: 'yes' }] },
});

const cases: Record<string, KubeObject[]> = {
  'one rule without a weight': [httpRoute('shop', [rule('/', [backend('web')])])],
  'weights 1 and 100, with names': [
    httpRoute('shop', [
      rule('/', [backend('web', { weight: 1 })], { name: 'root' }),
      rule('/a', [backend('web', { weight: 100 })], { name: 'a' }),
    ]),
  ],
  'a sum that is no multiple of 100': [httpRoute('shop', [rule('/', [backend('web', { weight: 150 })])])],
  'rules of other Services around it': [
    httpRoute('shop', [
      rule('/x', [backend('x'), backend('y')]),
      rule('/', [backend('web')]),
      rule('/z', []),
    ]),
  ],
  'two ports of the Service in one rule, one of them at 0': [
    httpRoute('shop', [
      rule('/', [backend('web', { weight: 3 }), backend('web', { port: 81 })]),
      rule('/b', [backend('web', { weight: 0 }), backend('web', { port: 81, weight: 7 })]),
    ]),
  ],
  'everything written out, with filters on the backend': [
    httpRoute('shop', [
      rule('/', [
        {
          group: '',
          kind: 'Service',
          namespace: 'shop',
          ...backend('web', { weight: 10, filters: [header('X-A')] }),
        },
      ]),
    ]),
  ],
  'two rules alike, without matches': [
    httpRoute('shop', [{ backendRefs: [backend('web')] }, { backendRefs: [backend('web')] }]),
  ],
  'served by Envoy Gateway, for a Gateway and a mesh': [
    reportedBy(
      httpRoute('shop', [rule('/', [backend('web')])], {
        parentRefs: [{ name: 'public' }, { group: '', kind: 'Service', name: 'web', port: 80 }],
      }),
      'gateway.envoyproxy.io/gatewayclass-controller',
    ),
  ],
  'served by Linkerd': [
    reportedBy(
      httpRoute('shop', [rule('/', [backend('web')])], {
        parentRefs: [{ group: 'core', kind: 'Service', name: 'web', port: 80 }],
      }),
      'linkerd.io/policy-controller',
    ),
  ],
  'two routes': [
    httpRoute('shop', [rule('/', [backend('web')])]),
    httpRoute('shop-internal', [rule('/', [backend('web', { weight: 5 })])]),
  ],
};

const weight = fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined });
/** Everything a rule may contain besides backendRefs: matches, filters, timeouts. */
const around = fromCrd(
  {
    kind: 'HTTPRoute',
    version: 'v1',
    path: ['properties', 'spec', 'properties', 'rules', 'items'],
  },
  ['name', 'backendRefs'],
);
const someRule = fc
  .record({
    name: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    paths: fc.uniqueArray(fc.constantFrom('/', '/a', '/b'), { maxLength: 2 }),
    filters: fc.boolean(),
    timeout: fc.boolean(),
    around,
    web: fc.array(weight, { maxLength: 3 }),
  })
  .map(({ name, paths, filters, timeout, around: rest, web }): JsonObject => {
    const refs = web.map((w, i) =>
      backend('web', { port: 80 + i, ...(w === undefined ? {} : { weight: w }) }),
    );
    // A rule is refused if all its weights are 0.
    const dead = refs.every((ref) => ref['weight'] === 0);
    const elsewhere = refs.length === 0 || dead;
    const redirects = getObjects(rest, 'filters').some((filter) => filter['type'] === 'RequestRedirect');
    return {
      ...(name === undefined ? {} : { name }),
      ...(paths.length === 0 ? {} : { matches: paths.map(pathMatch) }),
      ...(filters ? { filters: [header('X-Rule')] } : {}),
      ...(timeout ? { timeouts: { request: '3s' } } : {}),
      ...rest,
      ...(redirects
        ? {}
        : { backendRefs: elsewhere ? [backend('other'), backend('another', { weight: 0 })] : refs }),
    };
  })
  // What surrounds a rule may make it invalid: a rule that replaces a prefix, for example, may have only one
  // match.
  .filter((each) => validate(httpRoute('shop', [each])).length === 0);
/** Rule names are unique within a route. */
const someRoute = (name: string) =>
  fc
    .uniqueArray(someRule, { maxLength: 5, selector: (r) => getString(r, 'name') ?? {} })
    .map((rules) => httpRoute(name, [...rules, rule('/last', [backend('web')])]));

/** Here the user has no rules that ask for the conditions of the ladders' matches. */
const isExtra = (each: JsonObject): boolean =>
  getObjects(each, 'matches').some((match) =>
    getObjects(match, 'headers').some((each) =>
      /^(x-group|x-version|cookie)$/i.test(getString(each, 'name') ?? ''),
    ),
  );

const places: Fixtures['places'] = (world, stable, canary, headers) =>
  world.list('HTTPRoute').flatMap((route) => placesOf(route, { stable, canary }, isExtra, headers));

/** An edit by a user who looks only at their own rules. */
const editRules = (change: (rules: JsonObject[]) => JsonObject[]) => (world: World) => {
  for (const route of world.list('HTTPRoute')) {
    const next = cloneJson(route);
    const all = getObjects(next, 'spec', 'rules');
    const rules = change(all.filter((each) => !isExtra(each)));
    world.put({ ...next, spec: { ...next.spec, rules: [...rules, ...all.filter(isExtra)] } });
  }
};

const edits: ForeignEdit[] = [
  {
    name: 'labels the route',
    edit: (world) => {
      for (const route of world.list('HTTPRoute')) {
        world.put({ ...route, metadata: { ...route.metadata, labels: { team: 'a' } } });
      }
    },
  },
  { name: 'inserts a rule in front', edit: editRules((rules) => [rule('/new', [backend('new')]), ...rules]) },
  {
    name: 'adds a rule for the same Service',
    edit: editRules((rules) => [rule('/new', [backend('web')]), ...rules]),
  },
  {
    name: 'puts the last rule first',
    edit: editRules((rules) => [...rules.slice(-1), ...rules.slice(0, -1)]),
  },
  {
    name: 'removes the first of several rules',
    edit: editRules((rules) => (rules.length > 1 ? rules.slice(1) : rules)),
  },
  {
    name: 'sets timeouts',
    edit: editRules((rules) => rules.map((r) => ({ ...r, timeouts: { request: '9s' } }))),
  },
  { name: 'names the rules', edit: editRules((rules) => rules.map((r, i) => ({ ...r, name: `rule-${i}` }))) },
  {
    name: 'gives the stable backendRefs a filter',
    edit: editRules((rules) =>
      rules.map((r) => ({
        ...r,
        backendRefs: getObjects(r, 'backendRefs').map((ref) =>
          ref['name'] === 'web' ? { ...ref, filters: [header('X-B')] } : ref,
        ),
      })),
    ),
  },
  {
    name: 'puts the route back as it was',
    edit: (world, initial) => initial.forEach((route) => world.put(route)),
  },
  { name: 'deletes the route', edit: (world) => world.remove('HTTPRoute', 'shop') },
];

describeProvider(gateway, {
  world: (objects) => new ObjectWorld(objects),
  cases,
  generated: fc.tuple(someRoute('shop'), someRoute('more')).map((routes) => routes),
  shared: [
    httpRoute('shop', [
      rule('/', [backend('web')]),
      rule('/api', [backend('api', { weight: 30 })]),
      rule('/api/v2', [backend('api')], { name: 'v2' }),
    ]),
  ],
  places,
  ladders: Object.values(LADDERS),
  roomy: Object.fromEntries(
    [
      'served by Envoy Gateway, for a Gateway and a mesh',
      'weights 1 and 100, with names',
      'rules of other Services around it',
      'two ports of the Service in one rule, one of them at 0',
      'everything written out, with filters on the backend',
      'two routes',
    ].map((name) => [name, cases[name] ?? []]),
  ),
  edits,
  acknowledge: (world) => {
    for (const route of world.list('HTTPRoute')) world.put(reportedBy(route, 'example.com/gateway'));
  },
  validate,
});
