import { expect, test } from 'vitest';
import { getObjects } from '../../lib/json.ts';
import { httpRoute, reportedBy } from '../../test/support/routes.ts';
import { implementationsOf } from './implementation.ts';

const route = httpRoute('shop', []);

test.each([
  [['istio.io/gateway-controller'], ['istio']],
  [['istio.io/gateway-controller', 'istio.io/mesh-controller'], ['istio']],
  [['linkerd.io/policy-controller'], ['linkerd']],
  [['gateway.envoyproxy.io/gatewayclass-controller'], ['envoy-gateway']],
  [['traefik.io/gateway-controller'], ['traefik']],
  [['io.cilium/gateway-controller'], ['cilium']],
  [['projectcontour.io/gateway-controller'], ['contour']],
  [['kgateway.dev/kgateway'], ['kgateway']],
  [['kgateway.dev/agentgateway'], ['other']],
  [['example.com/istio.io/gateway-controller'], ['other']],
  [['haproxy.org/gateway-controller'], ['other']],
  [
    ['gateway.envoyproxy.io/gatewayclass-controller', 'linkerd.io/policy-controller'],
    ['envoy-gateway', 'linkerd'],
  ],
  [[], []],
])('a route that %j report on is served by %j', (names, want) => {
  expect(implementationsOf(reportedBy(route, ...names))).toEqual(want);
});

test('of several implementations each is told once', () => {
  const names = [
    'linkerd.io/policy-controller',
    'a.example/x',
    'b.example/y',
    'linkerd.io/policy-controller',
  ];
  expect(implementationsOf(reportedBy(route, ...names))).toEqual(['linkerd', 'other']);
});

test('a controller of policies, which neither accepts nor rejects the route, does not serve it', () => {
  const served = reportedBy(route, 'gateway.envoyproxy.io/gatewayclass-controller');
  const policy = {
    parentRef: { name: 'public' },
    controllerName: 'kuadrant.io/policy-controller',
    conditions: [{ type: 'kuadrant.io/AuthPolicyAffected', status: 'True' }],
  };
  const parents = [...getObjects(served, 'status', 'parents'), policy];
  expect(implementationsOf({ ...served, status: { parents } })).toEqual(['envoy-gateway']);
});
