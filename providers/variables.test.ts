import { expect, test } from 'vitest';
import { renderQuery } from '../api/query.ts';
import { backend, httpRoute, ingress, ingressPath, rule } from '../test/support/routes.ts';
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

test('variables name the clusters that Envoy Gateway makes of the backendRefs of each arm', () => {
  expect(trafficVariables(aTrafficContext(routes))).toMatchObject({
    stableClusterRegex: 'httproute/shop/shop/rule/0/backend/0|httproute/shop/shop/rule/1/backend/0',
    canaryClusterRegex: 'httproute/shop/shop/rule/1/backend/1',
  });
});

test('copies go to a cluster of their own, named by the place of the filter', () => {
  const mirror = { type: 'RequestMirror', requestMirror: { backendRef: { name: 'web-canary', port: 80 } } };
  const filters = [{ type: 'RequestHeaderModifier', requestHeaderModifier: {} }, mirror];
  const copied = httpRoute('shop', [{ ...rule('/', [backend('web')]), filters }]);
  expect(trafficVariables(aTrafficContext([copied]))).toMatchObject({
    stableClusterRegex: 'httproute/shop/shop/rule/0/backend/0',
    canaryClusterRegex: 'httproute/shop/shop/rule/0-mirror-1',
  });
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
