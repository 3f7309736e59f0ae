import { getNumber, getObject, getObjects, getString } from '../../../lib/json.ts';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { localCluster, staticCluster } from './bootstrap.ts';
import type { Xds } from './process.ts';

/** Loopback ports by Service. */
export type Endpoints = Readonly<Record<string, readonly number[]>>;

export interface Options {
  endpoints: Endpoints;
  /**
   * for implementations with one cluster for each Service: its name. Absent: named by the place in the route,
   * like Envoy Gateway
   */
  byService?: (service: string) => JsonObject & { name: string };
  /** as in a BackendTrafficPolicy */
  retries?: number;
}

/**
 * What Envoy Gateway makes of routes, as far as these tests need it: references without weight are left out;
 * the others share the rule's cluster, unless one of them has a filter, which gives each a cluster of its
 * own; copies have clusters of their own. The share of a Service without ready endpoints goes to a cluster
 * that does not exist.
 */
export function envoyGateway(routes: readonly KubeObject[], options: Options): Xds {
  const rules = routes.flatMap((route) =>
    getObjects(route, 'spec', 'rules').map((rule, i) => ruleOf(route, { rule, i }, options)),
  );
  return {
    clusters: rules.flatMap(({ clusters }) => clusters),
    routes: rules
      .flatMap((each) => each.entries)
      .toSorted((a, b) => b.rank - a.rank)
      .map(({ entry }) => entry),
  };
}

interface Rule {
  clusters: JsonObject[];
  entries: { rank: number; entry: JsonObject }[];
}

function ruleOf(route: KubeObject, { rule, i }: { rule: JsonObject; i: number }, options: Options): Rule {
  const { namespace = '', name } = route.metadata;
  const place = `${route.kind.toLowerCase()}/${namespace}/${name}/rule/${i}`;
  const grpc = route.kind === 'GRPCRoute';
  const { clusters, action } =
    options.byService === undefined
      ? destination(place, rule, options.endpoints)
      : services(rule, options.endpoints, options.byService);
  const mirrors = getObjects(rule, 'filters').flatMap((filter, k) =>
    mirrorOf(`${place}-mirror-${k}`, filter),
  );
  const copies = mirrors.map(({ name: to, service }) => staticCluster(to, options.endpoints[service] ?? []));
  const policies = mirrors.map(({ policy }) => policy);
  const retry = options.retries === undefined ? {} : { retry_policy: retryPolicy(options.retries) };
  const target: JsonObject = { ...action, ...retry, request_mirror_policies: policies };
  const matches = getObjects(rule, 'matches');
  const entries = (matches.length === 0 ? [{}] : matches).map((match) => ({
    rank: rankOf(match),
    entry: { match: grpc ? grpcMatch(match) : httpMatch(match), route: target },
  }));
  const all = [...clusters, ...copies];
  return { clusters: grpc ? all.map(overHttp2) : all, entries };
}

function destination(
  place: string,
  rule: JsonObject,
  endpoints: Endpoints,
): { clusters: JsonObject[]; action: JsonObject } {
  const refs = getObjects(rule, 'backendRefs')
    .map((ref, j) => ({
      name: `${place}/backend/${j}`,
      weight: getNumber(ref, 'weight') ?? 1,
      ports: endpoints[getString(ref, 'name') ?? ''] ?? [],
      filters: getObjects(ref, 'filters'),
    }))
    .filter(({ weight }) => weight > 0);
  if (refs.every(({ filters }) => filters.length === 0)) {
    return { clusters: [localCluster(place, refs)], action: { cluster: place } };
  }
  const alive = refs.filter(({ ports }) => ports.length > 0);
  const weighted = refs.map(({ name, weight, filters, ports }) =>
    ports.length > 0 ? { name, weight, ...headersOf(filters) } : { name: 'invalid-backend-cluster', weight },
  );
  return {
    clusters: alive.map(({ name, ports }) => staticCluster(name, ports)),
    action: { weighted_clusters: { clusters: weighted } },
  };
}

/** Like Cilium, Contour and kgateway: one cluster for each Service, whatever is split. */
function services(
  rule: JsonObject,
  endpoints: Endpoints,
  nameOf: NonNullable<Options['byService']>,
): { clusters: JsonObject[]; action: JsonObject } {
  const refs = getObjects(rule, 'backendRefs').map((ref) => ({
    service: getString(ref, 'name') ?? '',
    weight: getNumber(ref, 'weight') ?? 1,
  }));
  const weighted = refs.map(({ service, weight }) => ({ name: nameOf(service).name, weight }));
  return {
    clusters: refs.map(({ service }) => {
      const named = nameOf(service);
      return { ...staticCluster(named.name, endpoints[service] ?? []), ...named };
    }),
    action: { weighted_clusters: { clusters: weighted } },
  };
}

/** How the filters of a reference change headers. */
function headersOf(filters: readonly JsonObject[]): JsonObject {
  const of = (what: string, edit: string) =>
    filters
      .flatMap((filter) => getObjects(filter, what, edit))
      .map(({ name, value }) => ({ header: { key: name ?? '', value: value ?? '' } }));
  return {
    request_headers_to_add: of('requestHeaderModifier', 'add'),
    response_headers_to_add: of('responseHeaderModifier', 'add'),
  };
}

function mirrorOf(name: string, filter: JsonObject): { name: string; service: string; policy: JsonObject }[] {
  const mirror = getObject(filter, 'requestMirror');
  const service = getString(mirror, 'backendRef', 'name');
  if (mirror === undefined || service === undefined) return [];
  const percent = getNumber(mirror, 'percent') ?? 100;
  const runtime_fraction = { default_value: { numerator: percent } };
  return [{ name, service, policy: { cluster: name, runtime_fraction } }];
}

const retryPolicy = (num_retries: number): JsonObject => ({
  num_retries,
  retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
  retriable_status_codes: [503],
});

function httpMatch(match: JsonObject): JsonObject {
  const value = getString(match, 'path', 'value') ?? '/';
  const exact = getString(match, 'path', 'type') === 'Exact';
  const prefix = value === '/' ? { prefix: '/' } : { path_separated_prefix: value };
  return { ...(exact ? { path: value } : prefix), headers: headerMatches(match) };
}

function grpcMatch(match: JsonObject): JsonObject {
  const service = getString(match, 'method', 'service');
  return { prefix: service === undefined ? '/' : `/${service}/`, headers: headerMatches(match) };
}

const headerMatches = (match: JsonObject): JsonObject[] =>
  getObjects(match, 'headers').map(({ type, name = '', value = '' }) => ({
    name,
    string_match: type === 'RegularExpression' ? { safe_regex: { regex: value } } : { exact: value },
  }));

/** The longer path first; if they are equally long, the one that asks for more headers. */
const rankOf = (match: JsonObject): number =>
  (getString(match, 'path', 'value') ?? getString(match, 'method', 'service') ?? '/').length * 100 +
  getObjects(match, 'headers').length;

const PROTOCOL = 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const overHttp2 = (cluster: JsonObject): JsonObject => ({
  ...cluster,
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': PROTOCOL,
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
});
