import { getObjects, getString } from '../api/json.ts';
import type { KubeObject } from '../api/kube.ts';
import { implementationsOf, type Implementation } from './gateway-implementation.ts';
import { anyOf, istioPresets } from './presets.ts';
import type { Presets } from './provider.ts';

/** Which queries count for routes of the Gateway API depends on what serves them. */

/** As the clients' proxies count, route by route. They export HTTP and gRPC under different names. */
const linkerdRoute = (metric: string, service: string, labels = '') =>
  anyOf(...['http', 'grpc'].map((protocol) => linkerdRouteOf(protocol, metric, service, labels)));

const linkerdRouteOf = (protocol: string, metric: string, service: string, labels: string) =>
  `outbound_${protocol}_route_backend_${metric}{route_namespace="{{namespace}}",route_name=~"{{routeRegex}}",` +
  `backend_namespace="{{namespace}}",backend_name="{{${service}}}"${labels}}`;

/** Statuses that blame the server, as Linkerd classifies answers. */
const GRPC_FAILURES = 'UNKNOWN|DEADLINE_EXCEEDED|PERMISSION_DENIED|INTERNAL|UNAVAILABLE|DATA_LOSS';
const STATUSES = 'response_statuses_total';

/** `error` is set where there was no answer: timeouts, resets, load that was shed. */
function linkerdRouteCounts(service: string): { bad: string; total: string } {
  return {
    bad: anyOf(
      linkerdRouteOf('http', STATUSES, service, ',http_status=~"5.."'),
      linkerdRouteOf('grpc', STATUSES, service, `,grpc_status=~"${GRPC_FAILURES}"`),
      linkerdRoute(STATUSES, service, ',error!=""'),
    ),
    total: linkerdRoute(STATUSES, service),
  };
}

const linkerdRouteBuckets = (service: string) => ({
  buckets: linkerdRoute('response_duration_seconds_bucket', service),
});

export const linkerdRoutePresets: Presets = {
  name: 'linkerd-route',
  because: 'Linkerd serves the route',
  errorRate: { canary: linkerdRouteCounts('canaryService'), stable: linkerdRouteCounts('stableService') },
  latency: { canary: linkerdRouteBuckets('canaryService'), stable: linkerdRouteBuckets('stableService') },
  requests: {
    canary: linkerdRoute('requests_total', 'canaryService'),
    stable: linkerdRoute('requests_total', 'stableService'),
  },
};

/** Envoy's clusters, one for each backendRef: only where a filter on one keeps Envoy Gateway from putting them into one. */
const envoy = (metric: string, clusters: string, labels = '') =>
  `envoy_cluster_upstream_rq_${metric}{envoy_cluster_name=~"{{${clusters}}}"${labels}}`;

function envoyCounts(clusters: string): { bad: string; total: string } {
  return { bad: envoy('xx', clusters, ',envoy_response_code_class="5"'), total: envoy('xx', clusters) };
}

const envoyBuckets = (clusters: string) => ({ buckets: envoy('time_bucket', clusters) });

export const envoyGatewayPresets: Presets = {
  name: 'envoy-gateway',
  because: 'Envoy Gateway serves the route',
  errorRate: { canary: envoyCounts('canaryClusterRegex'), stable: envoyCounts('stableClusterRegex') },
  latency: { canary: envoyBuckets('canaryClusterRegex'), stable: envoyBuckets('stableClusterRegex') },
  requests: {
    canary: envoy('xx', 'canaryClusterRegex'),
    stable: envoy('xx', 'stableClusterRegex'),
  },
};

const OF: Record<Exclude<Implementation, 'other'>, Presets> = {
  istio: istioPresets,
  linkerd: linkerdRoutePresets,
  'envoy-gateway': envoyGatewayPresets,
};

/** The queries that fit what has reported on the routes; a sentence where it is nobody, several, or one without queries. */
export function gatewayPresets(routes: readonly KubeObject[]): Presets | { sentence: string } {
  const names = routes.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ');
  const silent = routes.find((route) => implementationsOf(route).length === 0);
  if (silent !== undefined) {
    return { sentence: `no controller has reported on ${silent.kind} ${silent.metadata.name} yet` };
  }
  const [only, second] = [...new Set(routes.flatMap(implementationsOf))];
  const controllers = [...new Set(routes.flatMap(controllersOf))].join(', ');
  if (only === undefined || second !== undefined)
    return { sentence: `${names} is served by several controllers (${controllers})` };
  if (only === 'other')
    return { sentence: `Sluice has no queries for ${controllers}, which serves ${names}` };
  return { ...OF[only], because: `${controllers} serves ${names}` };
}

const controllersOf = (route: KubeObject): string[] =>
  getObjects(route, 'status', 'parents').map((entry) => getString(entry, 'controllerName') ?? '');
