import { expect, test } from 'vitest';
import type { JsonObject } from '../lib/json.ts';
import { renderQuery } from '../api/query.ts';
import {
  backend,
  grpcRoute,
  grpcRule,
  httpRoute,
  ingress,
  ingressPath,
  rule,
} from '../test/support/routes.ts';
import { aTrafficContext } from '../test/support/traffic.ts';
import { trafficVariables } from './index.ts';

const ingresses = [
  ingress('shop.v1', {
    'a.example.com': [ingressPath('/', 'web'), ingressPath('/x', 'x', { port: { number: 9 } })],
  }),
  ingress('more', { 'b.example.com': [ingressPath('/', 'web', { port: { name: 'http' } })] }),
];
const routes = [
  httpRoute('shop', [
    rule('/', [backend('web'), backend('x', { port: 9 })]),
    rule('/y', [backend('web'), backend('web-canary')]),
  ]),
];

test('variables name the routes in scope and the ports that lead to the Service', () => {
  expect(trafficVariables(aTrafficContext(ingresses))).toMatchObject({
    ingress: 'shop.v1',
    ingressRegex: 'shop\\.v1|more',
    port: '80',
    portRegex: '80|http',
  });
  expect(trafficVariables(aTrafficContext(routes))).toMatchObject({ routeRegex: 'shop', portRegex: '80' });
});

/** A filter without effect, as a canary's backendRef has it, or as check recommends for the user's. */
const filters = [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-none'] } }];
const canary = (weight: number) => backend('web-canary', { weight, filters });
const clusters = (rules: JsonObject[], kind = httpRoute) => {
  const { stableClusterRegex = '', canaryClusterRegex = '' } = trafficVariables(
    aTrafficContext([kind('shop', rules)]),
  );
  return { stable: stableClusterRegex.split('|'), canary: canaryClusterRegex.split('|') };
};
const RULE = 'httproute/shop/shop/rule';

test('while a rule is split each arm has the clusters of its own backendRefs', () => {
  expect(clusters([rule('/', [backend('web', { weight: 95 }), canary(5)])])).toEqual({
    stable: [`${RULE}/0/backend/0`],
    canary: [`${RULE}/0/backend/1`],
  });
});

test.each([
  ['outside of a release', [backend('web')], ['']],
  ['where the user’s own backendRef has a filter', [backend('web', { filters })], ['']],
  [
    'before the first weight, and after the last',
    [backend('web', { weight: 100 }), canary(0)],
    [`${RULE}/0/backend/1`],
  ],
])('while a rule is whole stable has the cluster of the rule as well: %s', (_, refs, wanted) => {
  expect(clusters([rule('/', refs)])).toEqual({
    stable: [`${RULE}/0/backend/0`, `${RULE}/0`],
    canary: wanted,
  });
});

test.each([
  [
    'both arms, whether the canary has its filter or not',
    [backend('web', { weight: 95 }), backend('web-canary', { weight: 5 })],
  ],
  ['a backendRef without a weight, which has 1', [backend('web'), backend('web-canary')]],
  ['stable and another Service', [backend('web'), backend('third')]],
  ['the canary alone', [backend('web', { weight: 0 }), backend('web-canary', { weight: 100 })]],
])('the cluster of a rule that serves %s counts for nobody', (_, refs) => {
  const { stable, canary: ofCanary } = clusters([rule('/', refs)]);
  expect([...stable, ...ofCanary]).not.toContain(`${RULE}/0`);
});

test('a rule of requests that match leaves the clusters of the user’s rules as they are', () => {
  const own = rule('/', [backend('web', { weight: 0 }), canary(1)], { name: 'web-canary-match-1' });
  expect(clusters([rule('/', [backend('web')]), own])).toEqual({
    stable: [`${RULE}/0/backend/0`, `${RULE}/1/backend/0`, `${RULE}/0`],
    canary: [`${RULE}/1/backend/1`],
  });
});

test('copies go to a cluster of their own, named by the place of the filter, and stable keeps that of the rule', () => {
  const mirror = { type: 'RequestMirror', requestMirror: { backendRef: { name: 'web-canary', port: 80 } } };
  const all = [{ type: 'RequestHeaderModifier', requestHeaderModifier: {} }, mirror];
  expect(clusters([{ ...rule('/', [backend('web')]), filters: all }])).toEqual({
    stable: [`${RULE}/0/backend/0`, `${RULE}/0`],
    canary: [`${RULE}/0-mirror-1`],
  });
});

test('clusters of a GRPCRoute are named after its kind', () => {
  expect(clusters([grpcRule('', [backend('web'), canary(5)])], grpcRoute)).toEqual({
    stable: ['grpcroute/shop/shop/rule/0/backend/0'],
    canary: ['grpcroute/shop/shop/rule/0/backend/1'],
  });
});

test('Traefik writes names of routes with dashes alone', () => {
  expect(trafficVariables(aTrafficContext(ingresses))).toMatchObject({ traefikNamesRegex: 'shop-v1|more' });
});

test('a list without members is missing data', () => {
  const { canaryClusterRegex } = trafficVariables(aTrafficContext(ingresses));
  expect(
    renderQuery('x{a=~"{{canaryClusterRegex}}"}', { canaryClusterRegex: canaryClusterRegex ?? '?' }),
  ).toMatchObject({
    ok: false,
    problem: 'empty',
  });
});
