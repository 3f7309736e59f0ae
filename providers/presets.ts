import type { ErrorRatePreset, LatencyPreset } from './provider.ts';

/*
 * Presets are plain instant selectors of cumulative counters; the measurer reads raw samples over a window and takes
 * the differences itself, series by series. Variables (values from providers/variables.ts):
 *   namespace      namespace of target, Services and routes
 *   stableService  name of the stable Service
 *   canaryService  name of the canary Service
 *   target         name of the stable Deployment
 *   canaryDeployment  name of the canary's
 *   ingressRegex   RE2 alternation of the names of the user's Ingresses in scope
 *   portRegex      RE2 alternation of the ports (number or name) by which they reach the Service
 * Variables that end in Regex are already escaped for RE2 and need only the escaping of a PromQL string.
 */

/** All labels but `canary` are those of the user's Ingress, for canary requests too. The canary's is its upstream's name. */
const NGINX = '{namespace="{{namespace}}",ingress=~"{{ingressRegex}}",service="{{stableService}}"';
const NGINX_CANARY = `${NGINX},canary=~"{{namespace}}-{{canaryService}}-({{portRegex}})"`;
const NGINX_STABLE = `${NGINX},canary=""`;
const NGINX_REQUESTS = 'nginx_ingress_controller_requests';
/** Time to the first byte from upstream: unlike the duration of the request it does not hold a slow client's time. */
const NGINX_DURATIONS = 'nginx_ingress_controller_header_duration_seconds_bucket';

export const nginxErrorRate: ErrorRatePreset = {
  name: 'nginx-error-rate',
  canary: nginxCounts(NGINX_CANARY),
  stable: nginxCounts(NGINX_STABLE),
};

function nginxCounts(labels: string): { bad: string; total: string } {
  return {
    bad: `${NGINX_REQUESTS}${labels},status=~"5.."}`,
    total: `${NGINX_REQUESTS}${labels}}`,
  };
}

export const nginxLatency: LatencyPreset = {
  canary: { buckets: `${NGINX_DURATIONS}${NGINX_CANARY}}` },
  stable: { buckets: `${NGINX_DURATIONS}${NGINX_STABLE}}` },
};

/** As the client's proxy counts: requests that never reach a pod are in it. Reporters are never mixed with `destination`. */
const istioLabels = (service: string) =>
  `{reporter=~"source|waypoint",destination_service="{{${service}}}.{{namespace}}.svc.cluster.local"`;

export const istioErrorRate: ErrorRatePreset = {
  name: 'istio-error-rate',
  canary: istioCounts(istioLabels('canaryService')),
  stable: istioCounts(istioLabels('stableService')),
};

function istioCounts(labels: string): { bad: string; total: string } {
  return {
    bad: `istio_requests_total${labels},response_code=~"5.."}`,
    total: `istio_requests_total${labels}}`,
  };
}

const ISTIO_DURATIONS = 'istio_request_duration_milliseconds_bucket';

export const istioLatency: LatencyPreset = {
  canary: { buckets: `${ISTIO_DURATIONS}${istioLabels('canaryService')}}` },
  stable: { buckets: `${ISTIO_DURATIONS}${istioLabels('stableService')}}` },
};

/**
 * As the pods' own proxies count, without probes and the proxy's own port. The labels `namespace` and `deployment` are
 * added by Linkerd's scrape configuration.
 */
const linkerdLabels = (deployment: string) =>
  `{direction="inbound",namespace="{{namespace}}",deployment="{{${deployment}}}",target_port!="4191",route_name!="probe"`;

export const linkerdErrorRate: ErrorRatePreset = {
  name: 'linkerd-error-rate',
  canary: linkerdCounts(linkerdLabels('canaryDeployment')),
  stable: linkerdCounts(linkerdLabels('target')),
};

/** A failure is HTTP 5xx, or a gRPC status that blames the server. */
function linkerdCounts(labels: string): { bad: string; total: string } {
  return { bad: `response_total${labels},classification="failure"}`, total: `response_total${labels}}` };
}

/** Milliseconds to the first byte of the answer. */
const LINKERD_LATENCIES = 'response_latency_ms_bucket';

export const linkerdLatency: LatencyPreset = {
  canary: { buckets: `${LINKERD_LATENCIES}${linkerdLabels('canaryDeployment')}}` },
  stable: { buckets: `${LINKERD_LATENCIES}${linkerdLabels('target')}}` },
};
