import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { fromCrd } from '../../test/support/crd-arbitrary.ts';
import { foreignCheck } from '../../test/support/kinds/index.ts';
import { placesOf } from '../../test/support/gateway-router.ts';
import { backend, grpcRoute, grpcRule, httpRoute, reportedBy, rule } from '../../test/support/routes.ts';
import {
  describeProvider,
  LADDERS,
  type Fixtures,
  type ForeignEdit,
  type World,
} from '../conformance/suite.ts';
import { gateway } from './gateway.ts';

const checks = {
  GRPCRoute: foreignCheck('GRPCRoute', 'v1'),
  HTTPRoute: foreignCheck('HTTPRoute', 'v1'),
};

test('the schema finds a wrong GRPCRoute wrong', () => {
  const weighted = (weight: number) => grpcRoute('shop', [grpcRule('a.B', [backend('web', { weight })])]);
  expect(checks.GRPCRoute(weighted(-1))).not.toEqual([]);
  expect(checks.GRPCRoute(weighted(1))).toEqual([]);
});

const cases: Record<string, KubeObject[]> = {
  'one rule for everything': [grpcRoute('shop', [grpcRule('', [backend('web')])])],
  'names, methods, headers and weights': [
    grpcRoute('shop', [
      grpcRule('shop.Cart', [backend('web', { weight: 7 })], { name: 'cart' }),
      {
        matches: [
          {
            method: { service: 'shop.Order', method: 'Place', type: 'Exact' },
            headers: [{ name: 'x-tenant', value: 'a' }],
          },
          { method: { method: 'Ping' } },
        ],
        filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-internal'] } }],
        backendRefs: [backend('web'), backend('web', { port: 81, weight: 3 })],
      },
      grpcRule('other.Service', [backend('other')]),
    ]),
  ],
  'beside an HTTPRoute': [
    grpcRoute('shop', [grpcRule('shop.Cart', [backend('web', { port: 9090 })])]),
    httpRoute('shop', [rule('/', [backend('web')])]),
  ],
};

/** Everything a rule may contain besides backendRefs. */
const around = fromCrd(
  {
    kind: 'GRPCRoute',
    version: 'v1',
    path: ['properties', 'spec', 'properties', 'rules', 'items'],
  },
  ['name', 'backendRefs'],
);
const someRule = fc
  .record({ around, weights: fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 3 }) })
  .map(({ around: rest, weights }): JsonObject => {
    const refs = weights.map((weight, i) => backend('web', { port: 80 + i, weight }));
    const dead = weights.every((weight) => weight === 0);
    return { ...rest, backendRefs: dead ? [backend('other')] : refs };
  });
const someRoute = fc
  .array(someRule, { maxLength: 5 })
  .map((rules) => [grpcRoute('shop', [...rules, grpcRule('last.Service', [backend('web')])])]);

const isExtra = (each: JsonObject): boolean =>
  getObjects(each, 'matches').some((match) =>
    getObjects(match, 'headers').some((header) =>
      /^x-(group|version)$/i.test(getString(header, 'name') ?? ''),
    ),
  );

const routesOf = (world: World) => ['GRPCRoute', 'HTTPRoute'].flatMap((kind) => world.list(kind));

const places: Fixtures['places'] = (world, stable, canary, headers) =>
  routesOf(world).flatMap((route) =>
    placesOf(route, { stable, canary }, isExtra, headers).map((place) => ({
      ...place,
      id: `${route.kind} ${place.id}`,
    })),
  );

const edits: ForeignEdit[] = [
  {
    name: 'puts the last rule first',
    edit: (world) => {
      for (const route of world.list('GRPCRoute')) {
        const next = cloneJson(route);
        const all = getObjects(next, 'spec', 'rules');
        const users = all.filter((each) => !isExtra(each));
        const rules = [...users.slice(-1), ...users.slice(0, -1), ...all.filter(isExtra)];
        world.put({ ...next, spec: { ...next.spec, rules } });
      }
    },
  },
  {
    name: 'puts the routes back as they were',
    edit: (world, initial) => initial.forEach((route) => world.put(route)),
  },
  { name: 'deletes the GRPCRoute', edit: (world) => world.remove('GRPCRoute', 'shop') },
];

describeProvider(gateway, {
  world: (objects) => new ObjectWorld(objects),
  cases,
  generated: someRoute,
  shared: [
    grpcRoute('shop', [
      grpcRule('shop.Web', [backend('web')]),
      grpcRule('shop.Api', [backend('api', { weight: 30 })], { name: 'api' }),
    ]),
  ],
  places,
  // Clients of gRPC keep no cookies.
  ladders: [LADDERS.fractions, LADDERS.switch, LADDERS.mirrorAll, LADDERS.mirror, LADDERS.headers],
  edits,
  acknowledge: (world) => {
    for (const route of routesOf(world)) world.put(reportedBy(route, 'example.com/gateway'));
  },
  validate: (object) => checks[object.kind === 'GRPCRoute' ? 'GRPCRoute' : 'HTTPRoute'](object),
});
