import { describe, expect, test } from 'vitest';
import { renderQuery } from '../api/query.ts';
import type { KubeObject } from '../api/kube.ts';
import type { Split } from '../api/split.ts';
import { backend, httpRoute, ingress, ingressPath, rule } from '../test/support/routes.ts';
import { aTrafficContext } from '../test/support/traffic.ts';
import { gatewayPresets, linkerdRoutePresets } from './gateway-presets.ts';
import { PRESETS, PROVIDERS, trafficVariables } from './index.ts';
import { istioPresets, nginxPresets } from './presets.ts';

const ingresses = [
  ingress('shop.v1', { 'a.example.com': [ingressPath('/', 'web')] }),
  ingress('more', { 'b.example.com': [ingressPath('/', 'web', { port: { name: 'http' } })] }),
];
const route = httpRoute('shop', [rule('/', [backend('web'), backend('web-canary')])]);

const rendered = (query: string, objects: KubeObject[] = [route], split?: Split): string => {
  const variables = { ...trafficVariables(aTrafficContext(objects), split), canaryDeployment: 'web-canary' };
  const answer = renderQuery(query, { ...variables, canaryPods: 'c-1,c-2', stablePods: 's-1' });
  if (!answer.ok) throw new Error(answer.sentence);
  return answer.query;
};

test('nginx counts the canary by its upstream and stable by the empty label, under both spellings of the labels', () => {
  const { canary, stable } = nginxPresets.errorRate;
  const both = (labels: string): string =>
    `nginx_ingress_controller_requests{namespace="shop",ingress=~"shop\\\\.v1|more",service="web",${labels}}` +
    ` or nginx_ingress_controller_requests{exported_namespace="shop",ingress=~"shop\\\\.v1|more",exported_service="web",${labels}}`;
  expect(rendered(canary.bad, ingresses)).toBe(both('canary=~"shop-web-canary-(80|http)",status=~"5.."'));
  expect(rendered(canary.total, ingresses)).toBe(both('canary=~"shop-web-canary-(80|http)"'));
  expect(rendered(stable.bad, ingresses)).toBe(both('canary="",status=~"5.."'));
  expect(rendered(stable.total, ingresses)).toBe(both('canary=""'));
});

test('the share of nginx is taken of what went upstream, which redirects and refused logins do not', () => {
  expect(nginxPresets.requests?.stable).toContain('nginx_ingress_controller_header_duration_seconds_count{');
});

test('what no stable pod answered counts as stable, so that a canary beside a stable that is down has not too much', () => {
  const { canary = '', stable = '' } = nginxPresets.requests ?? {};
  const unanswered = stable
    .split(' or ')
    .filter((one) => one.startsWith('nginx_ingress_controller_requests{'));
  expect(unanswered).toHaveLength(2);
  for (const one of unanswered) expect(one).toMatch(/canary="",status=~"502\|504\|5xx"\}$/);
  expect(canary).not.toContain('nginx_ingress_controller_requests');
});

const LIVE: Split = { weight: 5, mirror: 0, matching: false };

/** Selectors of a query of Istio's that select anything. */
const istioOf = (query: string, split: Split): string[] =>
  rendered(query, [route], split)
    .split(' or ')
    .filter((one) => !one.includes('reporter=~"nobody"'));

test('Istio counts by destination Service, as its clients see it; a failed gRPC call is an error', () => {
  const base = (service: string) =>
    `istio_requests_total{reporter=~"source|waypoint",destination_service="${service}.shop.svc.cluster.local"`;
  const { canary, stable } = istioPresets.errorRate;
  expect(istioOf(canary.bad, LIVE)).toEqual([
    `${base('web-canary')},response_code=~"5.."}`,
    `${base('web-canary')},grpc_response_status!~"|0|1|3|5|6|7|9|11|12|16"}`,
  ]);
  expect(istioOf(stable.total, LIVE)).toEqual([`${base('web')}}`]);
});

test('while only copies reach the canary, both arms are counted by the proxies of the pods', () => {
  const copies = { weight: 0, mirror: 20, matching: false };
  const base = (deployment: string) =>
    `istio_requests_total{reporter=~"destination",destination_workload_namespace="shop",destination_workload="${deployment}"`;
  const { canary, stable } = istioPresets.errorRate;
  expect(istioOf(canary.total, copies)).toEqual([`${base('web-canary')}}`]);
  expect(istioOf(stable.bad, copies)[0]).toBe(`${base('web')},response_code=~"5.."}`);
  for (const split of [
    LIVE,
    { ...copies, weight: 5 },
    { ...copies, matching: true },
    { ...copies, mirror: 0 },
  ]) {
    expect(istioOf(canary.total, split)[0]).toContain('reporter=~"source|waypoint"');
  }
});

test('Linkerd counts by the route and its backend, HTTP and gRPC', () => {
  const of = (protocol: string) =>
    `outbound_${protocol}_route_backend_response_statuses_total{route_namespace="shop",route_name=~"shop",` +
    `backend_namespace="shop",backend_name="web-canary"`;
  expect(rendered(linkerdRoutePresets.errorRate.canary.total)).toBe(`${of('http')}} or ${of('grpc')}}`);
  expect(rendered(linkerdRoutePresets.errorRate.canary.bad).split(' or ')).toEqual([
    `${of('http')},http_status=~"5.."}`,
    `${of('grpc')},grpc_status=~"UNKNOWN|DEADLINE_EXCEEDED|PERMISSION_DENIED|INTERNAL|UNAVAILABLE|DATA_LOSS"}`,
    `${of('http')},error!=""}`,
    `${of('grpc')},error!=""}`,
  ]);
});

test('durations are read with the labels that the counts are read with', () => {
  for (const { name, errorRate, latency } of PRESETS.filter((preset) => preset.latency !== undefined)) {
    for (const arm of ['canary', 'stable'] as const) {
      const objects = name === 'nginx' ? ingresses : [route];
      const labelsOf = (query: string) =>
        [...rendered(query, objects).matchAll(/\{.*?\}(?= or |$)/g)].map(String);
      expect(labelsOf(latency?.[arm].buckets ?? '')).toEqual(labelsOf(errorRate[arm].total));
    }
  }
});

describe('of a Gateway API route the controller that serves it decides', () => {
  const served = (...controllers: string[]): KubeObject => ({
    ...route,
    status: { parents: controllers.map((controllerName) => ({ controllerName })) },
  });

  test.each([
    ['istio.io/gateway-controller', 'istio'],
    ['istio.io/mesh-controller', 'istio'],
    ['linkerd.io/policy-controller', 'linkerd-route'],
    ['gateway.envoyproxy.io/gatewayclass-controller', 'envoy-gateway'],
  ])('%s: %s', (controller, name) => {
    expect(PROVIDERS.gateway.presets([served(controller)])).toMatchObject({
      name,
      because: `${controller} serves HTTPRoute shop`,
    });
  });

  test.each([
    ['nobody yet', [route], 'no controller has reported on HTTPRoute shop yet'],
    [
      'one without queries',
      [served('projectcontour.io/gateway-controller')],
      'Sluice has no queries for projectcontour.io/gateway-controller, which serves HTTPRoute shop',
    ],
    [
      'two that count differently',
      [served('istio.io/gateway-controller'), served('linkerd.io/policy-controller')],
      'HTTPRoute shop, HTTPRoute shop is served by several controllers (istio.io/gateway-controller, linkerd.io/policy-controller)',
    ],
  ])('%s', (_, routes, sentence) => {
    expect(gatewayPresets(routes)).toEqual({ sentence });
  });
});
