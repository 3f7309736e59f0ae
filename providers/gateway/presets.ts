import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import {
  ciliumGrpcPresets,
  ciliumPresets,
  contourGrpcPresets,
  contourPresets,
  envoyGatewayGrpcPresets,
  envoyGatewayPresets,
  kgatewayPresets,
} from '../shared/envoy-presets.ts';
import { anyOf, BY_PODS } from '../shared/presets.ts';
import { traefikPresets } from '../shared/traefik-presets.ts';
import { controllersOf, implementationsOf, type Implementation } from './implementation.ts';
import { istioPresets } from '../istio/presets.ts';
import type { NoPresets, Presets } from '../provider.ts';

/** Which queries count for routes of the Gateway API depends on what serves them. */

/** As the clients' proxies count, for each route. They export HTTP and gRPC under different names. */
const linkerdRoute = (metric: string, service: string, labels = '') =>
  anyOf(...['http', 'grpc'].map((protocol) => linkerdRouteOf(protocol, metric, service, labels)));

const linkerdRouteOf = (protocol: string, metric: string, service: string, labels: string) =>
  `outbound_${protocol}_route_backend_${metric}{route_namespace="{{namespace}}",route_name=~"{{routeRegex}}",` +
  `backend_namespace="{{namespace}}",backend_name="{{${service}}}"${labels}}`;

/** Statuses that blame the server, as Linkerd classifies answers. */
const GRPC_FAILURES = 'UNKNOWN|DEADLINE_EXCEEDED|PERMISSION_DENIED|INTERNAL|UNAVAILABLE|DATA_LOSS';
const STATUSES = 'response_statuses_total';

/** `error` is set where there was no answer: timeouts, resets, rejected load. */
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

/**
 * What counts requests of HTTPRoutes, and what counts calls of GRPCRoutes; absent: no counter there tells
 * their failures.
 */
const OF: Record<Exclude<Implementation, 'other'>, { http: Presets; grpc?: Presets }> = {
  istio: { http: istioPresets, grpc: istioPresets },
  linkerd: { http: linkerdRoutePresets, grpc: linkerdRoutePresets },
  'envoy-gateway': { http: envoyGatewayPresets, grpc: envoyGatewayGrpcPresets },
  cilium: { http: ciliumPresets, grpc: ciliumGrpcPresets },
  contour: { http: contourPresets, grpc: contourGrpcPresets },
  kgateway: { http: kgatewayPresets },
  traefik: { http: traefikPresets },
};

/** They apply weights, but have no counts for each back end that Prometheus could be asked for. */
const WITHOUT_NUMBERS: readonly [name: string, controller: RegExp][] = [
  ['NGINX Gateway Fabric', /^gateway\.nginx\.org\//],
  ['Kong', /^konghq\.com\//],
  ['GKE Gateway', /^networking\.gke\.io\//],
  ['AWS', /^(gateway|application-networking)\.k8s\.aws\//],
  ['Azure Application Gateway for Containers', /^alb\.networking\.azure\.io\//],
];

/**
 * The queries that fit the implementation that has reported on the routes; a sentence if there is no such
 * implementation, if there are several, or if it has no queries.
 */
export function gatewayPresets(routes: readonly KubeObject[]): Presets | NoPresets {
  const names = routes.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ');
  const silent = routes.find((route) => implementationsOf(route).length === 0);
  if (silent !== undefined) {
    return { sentence: `no controller has reported on ${silent.kind} ${silent.metadata.name} yet` };
  }
  const [only, second] = [...new Set(routes.flatMap(implementationsOf))];
  const controllers = [...new Set(routes.flatMap(controllersOf))];
  const list = controllers.join(', ');
  if (only === undefined || second !== undefined)
    return { sentence: `${names} is served by several controllers (${list})` };
  const twice = only === 'envoy-gateway' ? routes.find(namesTwice) : undefined;
  if (twice !== undefined) {
    const sentence = `a rule of ${twice.kind} ${twice.metadata.name} names a Service twice, and Envoy Gateway counts by the position of the backendRef, so a split would count requests of stable for the canary`;
    return { sentence, remedy: BY_PODS };
  }
  if (only === 'other') {
    const [name] =
      WITHOUT_NUMBERS.find(([, controller]) => controllers.some((each) => controller.test(each))) ?? [];
    const sentence =
      name === undefined
        ? `Sluice has no queries for ${list}, which serves ${names}`
        : `${name} (${list}), which serves ${names}, does not count requests by back end`;
    return { sentence, remedy: BY_PODS };
  }
  return ofProtocols(only, { routes, names, list });
}

const namesTwice = (route: KubeObject): boolean =>
  getObjects(route, 'spec', 'rules').some((rule) => {
    const services = getObjects(rule, 'backendRefs').map((ref) => getString(ref, 'name'));
    return new Set(services).size < services.length;
  });

function ofProtocols(
  implementation: keyof typeof OF,
  { routes, names, list }: { routes: readonly KubeObject[]; names: string; list: string },
): Presets | NoPresets {
  const { http, grpc } = OF[implementation];
  const because = `${list} serves ${names}${implementation === 'envoy-gateway' ? DEFAULT_NAMES : ''}`;
  const calls = routes.filter(({ kind }) => kind === 'GRPCRoute');
  if (calls.length === 0 || grpc === http) return { ...http, because };
  if (grpc === undefined) {
    const sentence = `${list}, which serves ${names}, does not count failed calls of gRPC: they are HTTP 200`;
    return { sentence, remedy: BY_PODS };
  }
  if (calls.length === routes.length) return { ...grpc, because };
  const sentence = `${names} are counted in two ways, requests of HTTP and calls of gRPC`;
  return {
    sentence,
    remedy: `list the routes of one kind in the annotation ${ANNOTATION.route}, or ${BY_PODS}`,
  };
}

/** Both settings of EnvoyProxy rename the clusters of Envoy. */
const DEFAULT_NAMES =
  ', whose EnvoyProxy has to keep the default names of clusters (set neither telemetry.metrics.clusterStatName nor mergeBackends)';
