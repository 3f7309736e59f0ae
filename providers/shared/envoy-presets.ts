import { GRPC_FAILURES } from './presets.ts';
import type { Presets } from '../provider.ts';

/*
 * Everything that Sluice asks of Envoy's own counters. The label `envoy_cluster_name` identifies a cluster of
 * Envoy; durations are in milliseconds. Tried against Envoy 1.40.
 */

/** An arm's clusters, as matchers of labels without braces. */
interface Clusters {
  canary: string;
  stable: string;
}

const requests = (clusters: string, labels = '') => `envoy_cluster_upstream_rq_xx{${clusters}${labels}}`;

/**
 * Envoy counts a failed gRPC call as HTTP 200; its filter grpc_stats counts statuses. An answer of Envoy
 * itself has a status as well, so every call is counted. If each method is counted by itself, the metric's
 * name contains the parts of the method's name that Envoy does not take for a label:
 * `envoy_cluster_grpc_Cart_Get_13` of shop.v1.Cart/Get.
 */
const calls = (status: string, clusters: string) =>
  `{__name__=~"envoy_cluster_grpc_(.+_)?${status}",${clusters}}`;

const COUNTED = {
  http: (clusters: string) => ({
    bad: requests(clusters, ',envoy_response_code_class="5"'),
    total: requests(clusters),
  }),
  grpc: (clusters: string) => ({
    bad: calls(`(${GRPC_FAILURES})`, clusters),
    total: calls('total', clusters),
  }),
};

const buckets = (clusters: string) => ({ buckets: `envoy_cluster_upstream_rq_time_bucket{${clusters}}` });

function envoyPresets(
  name: string,
  because: string,
  protocol: keyof typeof COUNTED,
  { canary, stable }: Clusters,
): Presets {
  const errorRate = { canary: COUNTED[protocol](canary), stable: COUNTED[protocol](stable) };
  return {
    name,
    because,
    errorRate,
    latency: { canary: buckets(canary), stable: buckets(stable) },
    requests: { canary: errorRate.canary.total, stable: errorRate.stable.total },
  };
}

/** Clusters named by their place in the route: see `envoyClusters` in gateway/variables.ts. */
const BY_PLACE: Clusters = {
  canary: 'envoy_cluster_name=~"{{canaryClusterRegex}}"',
  stable: 'envoy_cluster_name=~"{{stableClusterRegex}}"',
};

const ENVOY_GATEWAY = 'Envoy Gateway serves the route';

export const envoyGatewayPresets = envoyPresets('envoy-gateway', ENVOY_GATEWAY, 'http', BY_PLACE);
export const envoyGatewayGrpcPresets = envoyPresets('envoy-gateway-grpc', ENVOY_GATEWAY, 'grpc', BY_PLACE);

/**
 * Implementations with one cluster for each port of a Service, split or not; the requests of every route to
 * it count there.
 */
const byService = (pattern: (service: string) => string): Clusters => ({
  canary: `envoy_cluster_name=~"${pattern('{{canaryService}}')}"`,
  stable: `envoy_cluster_name=~"${pattern('{{stableService}}')}"`,
});

/** `<namespace>/<CiliumEnvoyConfig>/<namespace>:<Service>:<port>`, where Envoy writes `_` for `:`. */
const CILIUM = byService((service) => `.+/{{namespace}}[:_]${service}[:_]({{portRegex}})`);
/** Contour's alternative name of a cluster for statistics. */
const CONTOUR = byService((service) => `{{namespace}}_${service}_({{portRegex}})`);
const KGATEWAY = byService((service) => `kube_{{namespace}}_${service}_({{portRegex}})`);

export const ciliumPresets = envoyPresets('cilium', 'Cilium serves the route', 'http', CILIUM);
export const ciliumGrpcPresets = envoyPresets('cilium-grpc', 'Cilium serves the route', 'grpc', CILIUM);
export const contourPresets = envoyPresets('contour', 'Contour serves the route', 'http', CONTOUR);
export const contourGrpcPresets = envoyPresets('contour-grpc', 'Contour serves the route', 'grpc', CONTOUR);
export const kgatewayPresets = envoyPresets('kgateway', 'kgateway serves the route', 'http', KGATEWAY);

export const ENVOY_PRESETS: readonly Presets[] = [
  envoyGatewayPresets,
  envoyGatewayGrpcPresets,
  ciliumPresets,
  ciliumGrpcPresets,
  contourPresets,
  contourGrpcPresets,
  kgatewayPresets,
];
