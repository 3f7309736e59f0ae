import { describe, expect, test } from 'vitest';
import { renderQuery } from '../api/query.ts';
import type { KubeObject } from '../api/kube.ts';
import type { Split } from '../api/split.ts';
import {
  backend,
  grpcRoute,
  grpcRule,
  httpRoute,
  ingress,
  ingressPath,
  reportedBy,
  rule,
} from '../test/support/routes.ts';
import { aTrafficContext } from '../test/support/traffic.ts';
import {
  ciliumPresets,
  contourPresets,
  envoyGatewayGrpcPresets,
  kgatewayPresets,
} from './shared/envoy-presets.ts';
import { gatewayPresets, linkerdRoutePresets } from './gateway/presets.ts';
import { PRESETS, PROVIDERS, trafficVariables } from './index.ts';
import { istioPresets } from './istio/presets.ts';
import { nginxPresets } from './nginx/presets.ts';
import type { Presets } from './provider.ts';
import { traefikNginxPresets, traefikPresets } from './shared/traefik-presets.ts';

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

/** Selectors of a query of Istio that select something. */
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

test('where gateways send through the waypoint, which counts all requests, gateways do not count them again', () => {
  const labels = { 'istio.io/use-waypoint': 'waypoint', 'istio.io/ingress-use-waypoint': 'true' };
  const stableService = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', labels } };
  const through = (split: Split) => trafficVariables(aTrafficContext([route], { stableService }), split);
  expect(through(LIVE)).toMatchObject({ liveReporterRegex: 'waypoint', copyReporterRegex: 'nobody' });
  expect(through({ weight: 0, mirror: 20, matching: false })).toMatchObject({
    copyReporterRegex: 'destination',
  });
});

test('full names of Services end in the domain of the cluster', () => {
  const variables = trafficVariables(aTrafficContext([route], { clusterDomain: 'k8s.example.com' }), LIVE);
  const { stable } = istioPresets.errorRate;
  expect(renderQuery(stable.total, { ...variables, canaryDeployment: 'web-canary' })).toMatchObject({
    query: expect.stringContaining('destination_service="web.shop.svc.k8s.example.com"') as string,
  });
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
      // the metric's name shows that these are gRPC calls
      const labelsOf = (query: string) =>
        [...rendered(query, objects).matchAll(/\{.*?\}(?= or |$)/g)].map((labels) =>
          String(labels).replace(/__name__=~".*?",/, ''),
        );
      expect(labelsOf(latency?.[arm].buckets ?? '')).toEqual(labelsOf(errorRate[arm].total));
    }
  }
});

const ENVOY_GATEWAY = 'gateway.envoyproxy.io/gatewayclass-controller';

test('Envoy Gateway counts calls of gRPC by status, under every name that a method gives to the metric', () => {
  const { canary, stable } = envoyGatewayGrpcPresets.errorRate;
  const calls = grpcRoute('calls', [grpcRule('', [backend('web'), backend('web-canary')])]);
  const of = (status: string, cluster: string) =>
    `{__name__=~"envoy_cluster_grpc_(.+_)?${status}",envoy_cluster_name=~"grpcroute/shop/calls/rule/0/backend/${cluster}"}`;
  expect(rendered(canary.bad, [calls])).toBe(of('(2|4|8|10|13|14|15)', '1'));
  expect(rendered(canary.total, [calls])).toBe(of('total', '1'));
  expect(rendered(stable.total, [calls])).toBe(of('total', '0'));
});

/** Names of Envoy's clusters in each implementation. */
test.each([
  [
    ciliumPresets,
    'kube-system/cilium-gateway-public/shop_web_80',
    'kube-system/cilium-gateway-public/shop:web-canary:80',
  ],
  [contourPresets, 'shop_web_80', 'shop_web-canary_80'],
  [kgatewayPresets, 'kube_shop_web_80', 'kube_shop_web-canary_80'],
])('$name tells the arms by the clusters of their Services', ({ errorRate }, stable, canary) => {
  const pattern = (query: string) =>
    new RegExp(`^(${/envoy_cluster_name=~"(.*?)"/.exec(rendered(query))?.[1] ?? ''})$`);
  const ofStable = pattern(errorRate.stable.total);
  const ofCanary = pattern(errorRate.canary.total);
  expect([ofStable.test(stable), ofStable.test(canary)]).toEqual([true, false]);
  expect([ofCanary.test(stable), ofCanary.test(canary)]).toEqual([false, true]);
});

const GATEWAY = 'httproute-shop-shop-v1-gw-infra-public-ep-web-0-1c3a5b7d-svc-shop';
/** Names of Traefik's services: stable's, the canary's, and one of neither arm. */
test.each([
  [
    'routes',
    traefikPresets,
    [
      `${GATEWAY}-web-0@kubernetesgateway`,
      `${GATEWAY}-web-canary-1@kubernetesgateway`,
      `${GATEWAY.replace('shop-v1', 'other')}-web-0@kubernetesgateway`,
    ],
  ],
  [
    'routes in older versions',
    traefikPresets,
    [
      'shop-web-80@kubernetesgateway',
      'shop-web-canary-80@kubernetesgateway',
      'shop-web-api-80@kubernetesgateway',
    ],
  ],
  [
    'Ingresses',
    traefikNginxPresets,
    [
      'shop-web-80@kubernetesingressnginx',
      'shop-web-80-canary@kubernetesingressnginx',
      'shop-web-81@kubernetesingressnginx',
    ],
  ],
  [
    'Ingresses in later versions',
    traefikNginxPresets,
    [
      'shop-shop-v1-web-80@kubernetesingressnginx',
      'shop-shop-v1-web-80-canary@kubernetesingressnginx',
      'shop-other-web-80@kubernetesingressnginx',
    ],
  ],
])('Traefik tells the arms by services of its own: %s', (_, { errorRate }, names) => {
  const objects = [httpRoute('shop.v1', [rule('/', [backend('web'), backend('web-canary')])])];
  const told = (query: string) => {
    const pattern = new RegExp(`^(${/service=~"(.*?)"/.exec(rendered(query, objects))?.[1] ?? ''})$`);
    return names.map((name) => pattern.test(name));
  };
  expect(told(errorRate.stable.total)).toEqual([true, false, false]);
  expect(told(errorRate.canary.total)).toEqual([false, true, false]);
});

describe('of a Gateway API route the controller that serves it decides', () => {
  const plain = httpRoute('shop', [rule('/', [backend('web')])]);
  const served = (...controllers: string[]): KubeObject => reportedBy(plain, ...controllers);
  const called = (...controllers: string[]): KubeObject =>
    reportedBy(grpcRoute('calls', [grpcRule('', [backend('web')])]), ...controllers);

  test.each([
    ['istio.io/gateway-controller', 'istio'],
    ['istio.io/mesh-controller', 'istio'],
    ['linkerd.io/policy-controller', 'linkerd-route'],
    ['io.cilium/gateway-controller', 'cilium'],
    ['projectcontour.io/gateway-controller', 'contour'],
    ['kgateway.dev/kgateway', 'kgateway'],
    ['traefik.io/gateway-controller', 'traefik'],
  ])('%s: %s', (controller, name) => {
    expect(PROVIDERS.gateway.presets([served(controller)])).toMatchObject({
      name,
      because: `${controller} serves HTTPRoute shop`,
    });
  });

  test('of Envoy Gateway it is said which settings give its numbers other names', () => {
    const { because } = PROVIDERS.gateway.presets([served(ENVOY_GATEWAY)]) as Presets;
    expect(because).toContain(`${ENVOY_GATEWAY} serves HTTPRoute shop`);
    expect(because).toMatch(/clusterStatName.*mergeBackends/);
  });

  test.each([
    [ENVOY_GATEWAY, 'envoy-gateway-grpc'],
    ['io.cilium/gateway-controller', 'cilium-grpc'],
    ['projectcontour.io/gateway-controller', 'contour-grpc'],
    ['istio.io/gateway-controller', 'istio'],
    ['linkerd.io/policy-controller', 'linkerd-route'],
  ])('calls of gRPC are counted by their status where %s counts it: %s', (controller, name) => {
    expect(gatewayPresets([called(controller)])).toMatchObject({ name });
  });

  test.each(['traefik.io/gateway-controller', 'kgateway.dev/kgateway'])(
    'where %s takes a failed call of gRPC for a good one, nothing is counted by it',
    (controller) => {
      expect(gatewayPresets([called(controller)])).toMatchObject({
        sentence: expect.stringContaining('does not count failed calls of gRPC') as string,
        remedy: expect.stringMatching(/^name the preset replicas/) as string,
      });
    },
  );

  test('requests and calls of one target are not counted in one way', () => {
    expect(gatewayPresets([served(ENVOY_GATEWAY), called(ENVOY_GATEWAY)])).toMatchObject({
      sentence: 'HTTPRoute shop, GRPCRoute calls are counted in two ways, requests of HTTP and calls of gRPC',
    });
  });

  test('a rule of Envoy Gateway that names a Service twice is not counted: its numbers would change hands', () => {
    const twice = httpRoute('shop', [rule('/', [backend('web'), backend('web', { port: 81 })])]);
    expect(gatewayPresets([reportedBy(twice, ENVOY_GATEWAY)])).toMatchObject({
      sentence: expect.stringContaining('a rule of HTTPRoute shop names a Service twice') as string,
    });
  });

  test.each([
    ['gateway.nginx.org/nginx-gateway-controller', 'NGINX Gateway Fabric'],
    ['konghq.com/kic-gateway-controller', 'Kong'],
    ['networking.gke.io/gateway', 'GKE Gateway'],
    ['gateway.k8s.aws/alb', 'AWS'],
    ['alb.networking.azure.io/alb-controller', 'Azure Application Gateway for Containers'],
  ])('%s counts nothing by back end, and the pods’ own metrics are named first', (controller, name) => {
    expect(gatewayPresets([served(controller)])).toEqual({
      sentence: `${name} (${controller}), which serves HTTPRoute shop, does not count requests by back end`,
      remedy: 'name the preset replicas, which asks the pods themselves, or give queries of your own',
    });
  });

  test.each([
    ['nobody yet', [plain], 'no controller has reported on HTTPRoute shop yet'],
    [
      'one without queries',
      [served('haproxy.org/gateway-controller')],
      'Sluice has no queries for haproxy.org/gateway-controller, which serves HTTPRoute shop',
    ],
    [
      'two that count differently',
      [served('istio.io/gateway-controller'), served('linkerd.io/policy-controller')],
      'HTTPRoute shop, HTTPRoute shop is served by several controllers (istio.io/gateway-controller, linkerd.io/policy-controller)',
    ],
  ])('%s', (_, routes, sentence) => {
    expect(gatewayPresets(routes)).toMatchObject({ sentence });
  });
});
