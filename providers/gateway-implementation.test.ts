import { expect, test } from 'vitest';
import { httpRoute } from '../test/support/routes.ts';
import { implementationsOf } from './gateway-implementation.ts';

const servedBy = (...names: string[]) => ({
  ...httpRoute('shop', []),
  status: { parents: names.map((controllerName) => ({ parentRef: { name: 'public' }, controllerName })) },
});

test.each([
  [['istio.io/gateway-controller'], ['istio']],
  [['istio.io/gateway-controller', 'istio.io/mesh-controller'], ['istio']],
  [['linkerd.io/policy-controller'], ['linkerd']],
  [['gateway.envoyproxy.io/gatewayclass-controller'], ['envoy-gateway']],
  [['example.com/istio.io/gateway-controller'], ['other']],
  [['traefik.io/gateway-controller'], ['other']],
  [
    ['gateway.envoyproxy.io/gatewayclass-controller', 'linkerd.io/policy-controller'],
    ['envoy-gateway', 'linkerd'],
  ],
  [[], []],
])('a route that %j report on is served by %j', (names, want) => {
  expect(implementationsOf(servedBy(...names))).toEqual(want);
});

test('of several implementations each is told once', () => {
  const names = [
    'linkerd.io/policy-controller',
    'a.example/x',
    'b.example/y',
    'linkerd.io/policy-controller',
  ];
  expect(implementationsOf(servedBy(...names))).toEqual(['linkerd', 'other']);
});
