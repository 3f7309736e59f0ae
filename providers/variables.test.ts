import { expect, test } from 'vitest';
import { renderQuery } from '../api/query.ts';
import { backend, httpRoute, ingress, ingressPath, rule } from '../test/support/routes.ts';
import { aTrafficContext } from '../test/support/traffic.ts';
import { PROVIDERS, trafficVariables } from './index.ts';

const ingresses = [
  ingress('shop.v1', {
    'a.example.com': [ingressPath('/', 'web'), ingressPath('/x', 'x', { port: { number: 9 } })],
  }),
  ingress('more', { 'b.example.com': [ingressPath('/', 'web', { port: { name: 'http' } })] }),
];
const routes = [httpRoute('shop', [rule('/', [backend('web'), backend('x', { port: 9 })])])];

test('variables name the routes in scope and the ports that lead to the Service', () => {
  expect(trafficVariables(aTrafficContext(ingresses))).toMatchObject({
    ingress: 'shop.v1',
    ingressRegex: 'shop\\.v1|more',
    port: '80',
    portRegex: '80|http',
  });
  expect(trafficVariables(aTrafficContext(routes))).toMatchObject({ routeRegex: 'shop', portRegex: '80' });
});

test('nginx counts the canary by its upstream and stable by the empty label', () => {
  const variables = trafficVariables(aTrafficContext(ingresses));
  const { canary, stable } = PROVIDERS.nginx.errorRate;
  const base = 'nginx_ingress_controller_requests{namespace="shop",ingress=~"shop\\\\.v1|more",service="web"';
  expect(renderQuery(canary.bad, variables)).toEqual({
    ok: true,
    query: `${base},canary=~"shop-web-canary-(80|http)",status=~"5.."}`,
  });
  expect(renderQuery(canary.total, variables)).toEqual({
    ok: true,
    query: `${base},canary=~"shop-web-canary-(80|http)"}`,
  });
  expect(renderQuery(stable.bad, variables)).toEqual({ ok: true, query: `${base},canary="",status=~"5.."}` });
  expect(renderQuery(stable.total, variables)).toEqual({ ok: true, query: `${base},canary=""}` });
});

test('the gateway counts by destination Service, as its clients see it', () => {
  const variables = trafficVariables(aTrafficContext(routes));
  const { canary, stable } = PROVIDERS.gateway.errorRate;
  const base = (service: string) =>
    `istio_requests_total{reporter=~"source|waypoint",destination_service="${service}.shop.svc.cluster.local"`;
  expect(renderQuery(canary.bad, variables)).toEqual({
    ok: true,
    query: `${base('web-canary')},response_code=~"5.."}`,
  });
  expect(renderQuery(stable.total, variables)).toEqual({ ok: true, query: `${base('web')}}` });
});

test('durations are read with the labels that the counts are read with', () => {
  for (const { provider, metric, variables } of [
    {
      provider: PROVIDERS.nginx,
      metric: 'nginx_ingress_controller_header_duration_seconds_bucket',
      variables: trafficVariables(aTrafficContext(ingresses)),
    },
    {
      provider: PROVIDERS.gateway,
      metric: 'istio_request_duration_milliseconds_bucket',
      variables: trafficVariables(aTrafficContext(routes)),
    },
  ]) {
    for (const arm of ['canary', 'stable'] as const) {
      const counts = renderQuery(provider.errorRate[arm].total, variables);
      if (!counts.ok) throw new Error(counts.sentence);
      const query = counts.query.replace(/^\w+/, metric);
      expect(renderQuery(provider.latency[arm].buckets, variables)).toEqual({ ok: true, query });
    }
  }
});
