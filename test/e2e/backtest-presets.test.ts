import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../providers/index.ts';
import { filledPrometheus, type FilledPrometheus } from '../support/filled-prometheus.ts';
import { poisson } from '../support/sampling.ts';
import { seeded } from '../../lib/random.ts';

const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const SCRAPE_S = 15;
const SCRAPES = 2.5 * 240 + 1;
const START_S = Date.UTC(2024, 0, 31) / 1000;
/** Requests for each source and scrape. */
const GOOD = 97;
const BAD = 3;
/** The share of requests up to each bound. */
const BUCKETS: readonly [string, number][] = [
  ['100', 60],
  ['500', 35],
  ['+Inf', 5],
];

/** How a back end names its counts: a list of labels for each place that counts, without braces. */
interface Naming {
  counter: string;
  good: string[];
  bad: string[];
  /** the counter of bad requests, if it is a separate one */
  failures?: string;
  buckets: string;
  /** none: another preset with the same histograms has them */
  durations: string[];
}

const CONTROLLER = 'controller_class="k8s.io/ingress-nginx",method="GET"';
/** Two controllers: one is scraped with its own labels, the labels of the other are renamed. */
const nginx = (status: string): string[] => [
  `job="a",instance="a:1",${CONTROLLER},namespace="shop",ingress="checkout",service="checkout"${status}`,
  `job="b",instance="b:1",${CONTROLLER},namespace="ingress-nginx",exported_namespace="shop",ingress="checkout",exported_service="checkout"${status}`,
];
const istio = (code: string): string[] =>
  ['gateway', 'client'].map(
    (workload) =>
      `job="mesh",instance="${workload}:1",reporter="source",source_workload="${workload}",destination_workload="checkout",` +
      `destination_workload_namespace="shop",destination_service="checkout.shop.svc.cluster.local"${code}`,
  );
const pods = ['x2k9a', 'x2k9b'].map((end) => `checkout-7d9f8b6c5-${end}`);
const linkerd = (classification: string): string[] =>
  pods.map(
    (pod) =>
      `job="linkerd-proxy",instance="${pod}:4191",direction="inbound",namespace="shop",deployment="checkout",pod="${pod}",target_port="8080"${classification}`,
  );
const linkerdRoute = (status: string): string[] =>
  ['web', 'mobile'].map(
    (client) =>
      `job="linkerd-proxy",instance="${client}:4191",namespace="${client}",route_namespace="shop",route_name="checkout",` +
      `backend_namespace="shop",backend_name="checkout"${status}`,
  );
const envoy = (code: string): string[] =>
  ['/backend/0', ''].map(
    (end) =>
      `job="envoy",instance="envoy:19001",namespace="envoy-gateway-system",envoy_cluster_name="httproute/shop/checkout/rule/0${end}"${code}`,
  );
const calls = (cluster: string, method: string): string[] => [
  `job="envoy",instance="envoy:19001",envoy_cluster_name="${cluster}",envoy_grpc_bridge_method="${method}"`,
];
const perService = (cluster: string, code: string): string[] => [
  `job="envoy",instance="envoy:19001",envoy_cluster_name="${cluster}"${code}`,
];
const envoyByService = (cluster: string): Naming => ({
  counter: 'envoy_cluster_upstream_rq_xx',
  good: perService(cluster, ',envoy_response_code_class="2"'),
  bad: perService(cluster, ',envoy_response_code_class="5"'),
  buckets: 'envoy_cluster_upstream_rq_time_bucket',
  durations: perService(cluster, ''),
});
/** Every call is in the total, and in the counter of its status. */
const envoyCalls = (cluster: string, package_: string): Naming => ({
  counter: `envoy_cluster_grpc${package_}total`,
  good: calls(cluster, 'Get'),
  bad: calls(cluster, 'Fail'),
  failures: `envoy_cluster_grpc${package_}14`,
  buckets: 'envoy_cluster_upstream_rq_time_bucket',
  durations: [],
});
const traefik = (service: string): Naming => {
  const labels = (code: string) => [
    `job="traefik",instance="traefik:9100",method="GET",protocol="http",service="${service}"${code}`,
  ];
  return {
    counter: 'traefik_service_requests_total',
    good: labels(',code="200"'),
    bad: labels(',code="502"'),
    buckets: 'traefik_service_request_duration_seconds_bucket',
    durations: labels(',code="200"'),
  };
};
const application = (code: string): string[] =>
  pods.map((pod) => `job="app",instance="${pod}:80",namespace="shop",pod="${pod}"${code}`);

const NAMINGS: Record<string, Naming> = {
  nginx: {
    counter: 'nginx_ingress_controller_requests',
    good: nginx(',status="200"'),
    bad: nginx(',status="503"'),
    buckets: 'nginx_ingress_controller_header_duration_seconds_bucket',
    durations: nginx(',status="200"'),
  },
  istio: {
    counter: 'istio_requests_total',
    good: istio(',response_code="200"'),
    bad: istio(',response_code="503"'),
    buckets: 'istio_request_duration_milliseconds_bucket',
    durations: istio(',response_code="200"'),
  },
  linkerd: {
    counter: 'response_total',
    good: linkerd(',classification="success"'),
    bad: linkerd(',classification="failure"'),
    buckets: 'response_latency_ms_bucket',
    durations: linkerd(''),
  },
  'linkerd-route': {
    counter: 'outbound_http_route_backend_response_statuses_total',
    good: linkerdRoute(',http_status="200"'),
    bad: linkerdRoute(',http_status="503"'),
    buckets: 'outbound_http_route_backend_response_duration_seconds_bucket',
    durations: linkerdRoute(''),
  },
  'envoy-gateway': {
    counter: 'envoy_cluster_upstream_rq_xx',
    good: envoy(',envoy_response_code_class="2"'),
    bad: envoy(',envoy_response_code_class="5"'),
    buckets: 'envoy_cluster_upstream_rq_time_bucket',
    durations: envoy(''),
  },
  // from shop.v1.Cart/Get, whose name Envoy splits at the dots
  'envoy-gateway-grpc': envoyCalls('grpcroute/shop/checkout/rule/0/backend/0', '_Cart_Get_'),
  cilium: envoyByService('infra/cilium-gateway-public/shop_checkout_80'),
  'cilium-grpc': envoyCalls('infra/cilium-gateway-public/shop_checkout_80', '_'),
  contour: envoyByService('shop_checkout_80'),
  'contour-grpc': envoyCalls('shop_checkout_80', '_'),
  kgateway: envoyByService('kube_shop_checkout_80'),
  traefik: traefik(
    'httproute-shop-checkout-gw-infra-public-ep-web-0-1c3a5b7d9f-svc-shop-checkout-0@kubernetesgateway',
  ),
  'traefik-nginx': traefik('shop-checkout-80@kubernetesingressnginx'),
  replicas: {
    counter: 'http_server_request_duration_seconds_count',
    good: application(',http_response_status_code="200"'),
    bad: application(',http_response_status_code="500"'),
    buckets: 'http_server_request_duration_seconds_bucket',
    durations: application(',http_response_status_code="200"'),
  },
};

/** A counter that grows by `mean` with each scrape, starting from `below`. */
function grow(random: () => number, mean: number, below?: readonly number[]): number[] {
  let value = 0;
  return Array.from({ length: SCRAPES }, (_, i) => {
    value += poisson(mean, random);
    return value + (below?.[i] ?? 0);
  });
}

const written = (series: string, values: readonly number[]): string[] =>
  values.map((value, i) => `${series} ${value} ${START_S + i * SCRAPE_S}`);

function samplesOf({ counter, good, bad, failures, buckets, durations }: Naming, seed: number): string[] {
  const random = seeded(seed);
  const failed = (labels: string): string[] => {
    const values = grow(random, BAD);
    const names = failures === undefined ? [counter] : [counter, failures];
    return names.flatMap((name) => written(`${name}{${labels}}`, values));
  };
  const counts = (labels: string[], mean: number): string[] =>
    labels.flatMap((each) => written(`${counter}{${each}}`, grow(random, mean)));
  const histogram = (labels: string): string[] => {
    let below: number[] | undefined;
    return BUCKETS.flatMap(([le, mean]) => {
      below = grow(random, mean, below);
      return written(`${buckets}{${labels},le="${le}"}`, below);
    });
  };
  return [...counts(good, GOOD), ...bad.flatMap(failed), ...durations.flatMap(histogram)];
}

let prometheus: FilledPrometheus;

beforeAll(async () => {
  prometheus = await filledPrometheus(
    Object.values(NAMINGS).flatMap((naming, i) => samplesOf(naming, i + 1)),
  );
});

afterAll(() => prometheus.close());

interface Result {
  traffic: { requestsPerMinute: number; errorRate: number };
  scenarios: { name: string; runs: number }[];
}

async function backtest(provider: string): Promise<Result> {
  const file = join(prometheus.directory, 'template.yaml');
  writeFileSync(
    file,
    `metrics:
      - { name: errors, errorRate: { preset: ${provider} } }
      - { name: slow, latency: { preset: ${provider}, quantiles: [0.5] } }`,
  );
  const at = (scrape: number): string => new Date((START_S + scrape * SCRAPE_S) * 1000).toISOString();
  const flags = ['--template', file, '--prometheus', prometheus.url, '--target', 'shop/checkout'];
  const range = ['--from', at(0), '--to', at(SCRAPES - 1), '--runs', '3', '-o', 'json'];
  const child = spawn(process.execPath, [PROGRAM, 'backtest', ...flags, ...range]);
  let printed = '';
  let complained = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(complained);
  return JSON.parse(printed) as Result;
}

describe('sluice backtest replays what a real Prometheus has of', () => {
  test.each(PRESETS.map(({ name }) => name))('preset %s', async (name) => {
    const { traffic, scenarios } = await backtest(name);
    const sources = NAMINGS[name]?.good.length ?? 0;
    // with that number of Poisson counts the error is below one percent
    expect(traffic.requestsPerMinute / (4 * (GOOD + BAD) * sources)).toBeCloseTo(1, 1);
    expect(traffic.errorRate).toBeCloseTo(BAD / (GOOD + BAD), 2);
    const names = scenarios.map((scenario) => scenario.name);
    expect(names).toEqual(expect.arrayContaining(['nothing (A/A)', 'errors ×2', 'latency ×1.5']));
  });
});
