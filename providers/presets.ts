import type { KubeObject } from '../api/kube.ts';
import type { Split } from '../api/split.ts';
import type { ErrorRatePreset, Presets } from './provider.ts';

/*
 * Presets are plain instant selectors of cumulative counters, several of them joined by `or`; the measurer reads raw samples
 * over a window and takes the differences itself, series by series. Variables (values from providers/variables.ts):
 *   namespace      namespace of target, Services and routes
 *   stableService  name of the stable Service
 *   canaryService  name of the canary Service
 *   target         name of the stable Deployment
 *   canaryDeployment  name of the canary's
 *   ingressRegex   RE2 alternation of the names of the user's Ingresses in scope
 *   portRegex      RE2 alternation of the ports (number or name) by which they reach the Service
 *   clusterDomain  domain of the cluster, which ends every Service's full name
 *   liveReporterRegex, copyReporterRegex  see istioReporters
 * Variables that end in Regex are already escaped for RE2 and need only the escaping of a PromQL string.
 */

/** A union of selectors: a series that several of them match counts once. */
export const anyOf = (...selectors: string[]): string => selectors.join(' or ');

/**
 * All labels but `canary` are those of the user's Ingress, for canary requests too. Prometheus renames `namespace` and
 * `service` where its scrape configuration sets labels of these names itself (no `honorLabels`).
 */
const NGINX = [
  '{namespace="{{namespace}}",ingress=~"{{ingressRegex}}",service="{{stableService}}"',
  '{exported_namespace="{{namespace}}",ingress=~"{{ingressRegex}}",exported_service="{{stableService}}"',
];
/** The canary's is its upstream's name. */
const NGINX_CANARY = 'canary=~"{{namespace}}-{{canaryService}}-({{portRegex}})"';
const NGINX_STABLE = 'canary=""';
/** Time to the first byte from upstream: unlike the duration of the request it does not hold a slow client's time. */
const NGINX_DURATIONS = 'nginx_ingress_controller_header_duration_seconds';

const nginx = (metric: string, ...labels: string[]): string =>
  anyOf(...NGINX.map((where) => `${metric}${[where, ...labels].join(',')}}`));

/** `5..` matches a code and, with `--report-status-classes`, the class `5xx`. 499, the client went away, is no error. */
function nginxCounts(arm: string): { bad: string; total: string } {
  const requests = 'nginx_ingress_controller_requests';
  return { bad: nginx(requests, arm, 'status=~"5.."'), total: nginx(requests, arm) };
}

export const nginxPresets: Presets = {
  name: 'nginx',
  because: 'Ingress-NGINX serves the Ingresses',
  errorRate: { canary: nginxCounts(NGINX_CANARY), stable: nginxCounts(NGINX_STABLE) },
  latency: {
    canary: { buckets: nginx(`${NGINX_DURATIONS}_bucket`, NGINX_CANARY) },
    stable: { buckets: nginx(`${NGINX_DURATIONS}_bucket`, NGINX_STABLE) },
  },
  /*
   * What nginx answers itself (redirects, refused logins, rate limits) counts as stable's, but has no time upstream. Nor has a
   * request that no pod answered: without these a stable that is down would look like a canary that gets too much, and its cure
   * would be taken back. Some may be counted twice: too little only delays.
   */
  requests: {
    canary: nginx(`${NGINX_DURATIONS}_count`, NGINX_CANARY),
    stable: anyOf(
      nginx(`${NGINX_DURATIONS}_count`, NGINX_STABLE),
      nginx('nginx_ingress_controller_requests', NGINX_STABLE, 'status=~"502|504|5xx"'),
    ),
  },
};

/**
 * Istio's reporters by what reaches the canary; their counts are never mixed. Live requests are counted as the client's
 * proxy sees them: what never reaches a pod is in it. Copies are not in there (istio/istio#11093), only the proxies of the
 * pods count them, so of both arms that is taken while the canary gets nothing but copies.
 */
export function istioReporters(
  { weight, mirror, matching }: Split,
  service?: KubeObject,
): Record<string, string> {
  const copiesOnly = mirror > 0 && weight === 0 && !matching;
  if (copiesOnly) return { liveReporterRegex: NOBODY, copyReporterRegex: 'destination' };
  // Then a gateway's requests go through the waypoint as well, and both would count them.
  const both = service?.metadata.labels?.['istio.io/ingress-use-waypoint'] === 'true';
  return { liveReporterRegex: both ? 'waypoint' : 'source|waypoint', copyReporterRegex: NOBODY };
}

/** A query without any reporter would count as one without data. */
const NOBODY = 'nobody';

/** A proxy beside a pod does not know by which of several Services it was asked, but which Deployment it belongs to. */
const istio = (arm: Arm, metric: string, ...labels: string[]): string => {
  const { service, deployment } = ARMS[arm];
  const live = `reporter=~"{{liveReporterRegex}}",destination_service="{{${service}}}.{{namespace}}.svc.{{clusterDomain}}"`;
  const copies = `reporter=~"{{copyReporterRegex}}",destination_workload_namespace="{{namespace}}",destination_workload="{{${deployment}}}"`;
  return anyOf(...[live, copies].map((where) => `${metric}{${[where, ...labels].join(',')}}`));
};

type Arm = 'canary' | 'stable';
const ARMS = {
  canary: { service: 'canaryService', deployment: 'canaryDeployment' },
  stable: { service: 'stableService', deployment: 'target' },
} as const;

/**
 * gRPC codes that do not blame the server: OK, CANCELLED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED,
 * FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED, UNAUTHENTICATED; and none at all, which is plain HTTP.
 */
const GRPC_FINE = '|0|1|3|5|6|7|9|11|12|16';

/** The others, which blame the server: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
export const GRPC_FAILURES = '2|4|8|10|13|14|15';

/** A client that goes away leaves response_code "0", which is no error. A failed gRPC call has response_code 200. */
function istioCounts(arm: Arm): { bad: string; total: string } {
  const requests = 'istio_requests_total';
  return {
    bad: anyOf(
      istio(arm, requests, 'response_code=~"5.."'),
      istio(arm, requests, `grpc_response_status!~"${GRPC_FINE}"`),
    ),
    total: istio(arm, requests),
  };
}

const istioBuckets = (arm: Arm) => ({ buckets: istio(arm, 'istio_request_duration_milliseconds_bucket') });

const istioErrorRate: ErrorRatePreset = { canary: istioCounts('canary'), stable: istioCounts('stable') };

export const istioPresets: Presets = {
  name: 'istio',
  because: 'Istio serves the route',
  errorRate: istioErrorRate,
  latency: { canary: istioBuckets('canary'), stable: istioBuckets('stable') },
  requests: { canary: istioErrorRate.canary.total, stable: istioErrorRate.stable.total },
};

/**
 * As the pods' own proxies count, without probes and the proxy's own port. The labels `namespace` and `deployment` are
 * added by Linkerd's scrape configuration.
 */
const linkerdLabels = (deployment: string) =>
  `{direction="inbound",namespace="{{namespace}}",deployment="{{${deployment}}}",target_port!="4191",route_name!="probe"`;

/** A failure is HTTP 5xx, or a gRPC status that blames the server. */
function linkerdCounts(deployment: string): { bad: string; total: string } {
  const responses = `response_total${linkerdLabels(deployment)}`;
  return { bad: `${responses},classification="failure"}`, total: `${responses}}` };
}

/** Milliseconds to the first byte of the answer. */
const linkerdBuckets = (deployment: string) => ({
  buckets: `response_latency_ms_bucket${linkerdLabels(deployment)}}`,
});

const linkerdErrorRate: ErrorRatePreset = {
  canary: linkerdCounts('canaryDeployment'),
  stable: linkerdCounts('target'),
};

export const linkerdPresets: Presets = {
  name: 'linkerd',
  because: 'Linkerd carries out the TrafficSplit, and the proxies of the pods count',
  errorRate: linkerdErrorRate,
  latency: { canary: linkerdBuckets('canaryDeployment'), stable: linkerdBuckets('target') },
  requests: { canary: linkerdErrorRate.canary.total, stable: linkerdErrorRate.stable.total },
};
