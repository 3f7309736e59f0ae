import { expect, test } from 'vitest';
import { Between } from './envoy-clusters.ts';
import { seeded } from '../../../lib/random.ts';
import { parentsOf } from '../routing/route-status.ts';
import { RouteTable } from '../routing/route-table.ts';
import { backends, gateway, httpRoute, ref, request } from '../../../test/support/dataplane-objects.ts';

const SERVICES = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'], empty: [] });
const EG = { ...gateway(), spec: { gatewayClassName: 'eg' } };
const FILTERS = [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-none'] } }];
const RULE = 'httproute/shop/shop/rule/0';

const canary = (weight: number) => ({ ...ref('shop-canary', weight), filters: FILTERS });
const table = (...backendRefs: ReturnType<typeof ref>[]) =>
  new RouteTable({ http: [httpRoute([{ backendRefs }])], grpc: [], gateways: [EG] }, SERVICES);

test.each([
  ['a rule with one reference', [ref('shop')], [RULE]],
  ['weight 0, whatever filters it has', [ref('shop', 100), canary(0)], [RULE]],
  ['a split with a filter', [ref('shop', 90), canary(10)], [`${RULE}/backend/0`, `${RULE}/backend/1`]],
  ['a split without', [ref('shop', 90), ref('shop-canary', 10)], [RULE]],
  ['a Service without endpoints, which has none', [ref('empty', 1), canary(1)], [`${RULE}/backend/1`]],
])('clusters are named as Envoy Gateway does: %s', (_, refs, want) => {
  expect([...table(...refs).clusters()]).toEqual(want);
});

test('a Gateway of another class is served as Istio would, which knows no clusters', () => {
  const routes = { http: [httpRoute([{ backendRefs: [ref('shop')] }])], grpc: [], gateways: [gateway()] };
  expect([...new RouteTable(routes, SERVICES).clusters()]).toEqual([]);
});

test('the status of a route says that Envoy Gateway serves it', () => {
  const input = { route: httpRoute([]), gateways: [EG], backends: SERVICES, now: '2026-01-01T00:00:00Z' };
  expect(parentsOf(input)?.map(({ controllerName }) => controllerName)).toEqual([
    'gateway.envoyproxy.io/gatewayclass-controller',
  ]);
});

test('while a cluster is renamed who is sent to the old one gets 503, and no cluster counts it', () => {
  const [before, after] = [table(ref('shop')), table(ref('shop', 90), canary(10))];
  const between = new Between(before, after.clusters());
  expect(between.route(request(), seeded(1))).toEqual({ status: 503, why: `no cluster ${RULE}` });
  const kept = table({ ...ref('shop'), filters: FILTERS });
  expect(new Between(kept, after.clusters()).route(request(), seeded(1))).toMatchObject({
    labels: { service: 'shop', cluster: `${RULE}/backend/0` },
  });
});
