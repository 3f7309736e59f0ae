import { join } from 'node:path';
import type { JsonObject } from '../../../lib/json.ts';

export interface Ports {
  admin: number;
  listener: number;
  stats: number;
}

const HCM =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const GRPC_STATS = 'type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig';

const address = (port: number): JsonObject => ({
  socket_address: { address: '127.0.0.1', port_value: port },
});
const router: JsonObject = { name: 'envoy.filters.http.router', typed_config: { '@type': ROUTER } };
const file = (directory: string, name: string): JsonObject => ({
  path_config_source: { path: join(directory, `${name}.json`) },
  resource_api_version: 'V3',
});

/**
 * Starts Envoy like Envoy Gateway: all default tags and four more, statistics made when they are first
 * needed, numbers for Prometheus from a listener of their own. There are two differences: what Envoy Gateway
 * sends by a stream comes from files, and histograms are merged more often.
 */
export function bootstrap(directory: string, ports: Ports): JsonObject {
  return {
    node: { id: 'envoy', cluster: 'edge' },
    admin: { address: address(ports.admin) },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    stats_flush_interval: '0.2s',
    stats_config: {
      use_all_default_tags: true,
      stats_tags: [
        { tag_name: 'from_zone', regex: '\\.zone(\\.(([^\\.]+)\\.))' },
        { tag_name: 'to_zone', regex: '\\.zone\\.[^\\.]+\\.(([^\\.]+)\\.)' },
        { tag_name: 'socket_match_name', regex: '^cluster(\\..+\\.(.+))\\.total_match_count$' },
        { tag_name: 'priority', regex: 'circuit_breakers\\.((.+?)\\.).+' },
      ],
    },
    dynamic_resources: {
      lds_config: file(directory, 'listeners'),
      cds_config: file(directory, 'clusters'),
    },
    static_resources: {
      listeners: [statsListener(ports.stats)],
      clusters: [staticCluster('prometheus_stats', [ports.admin])],
    },
  };
}

const statsListener = (port: number): JsonObject => {
  const match = {
    path: '/stats/prometheus',
    headers: [{ name: ':method', string_match: { exact: 'GET' } }],
  };
  const routes = [{ match, route: { cluster: 'prometheus_stats' } }];
  return listener('stats', port, {
    stat_prefix: 'eg-stats-http',
    route_config: { name: 'stats', virtual_hosts: [{ name: 'stats', domains: ['*'], routes }] },
    http_filters: [router],
  });
};

/**
 * The entry for requests, HTTP/1.1 as well as HTTP/2; gRPC is counted by method, as on a listener with a
 * GRPCRoute.
 */
export const connectionManager = (directory: string, port: number): JsonObject =>
  listener('shop/edge/http', port, {
    stat_prefix: 'http-10080',
    rds: { route_config_name: 'http-10080', config_source: file(directory, 'routes') },
    http_filters: [
      {
        name: 'envoy.filters.http.grpc_stats',
        typed_config: { '@type': GRPC_STATS, emit_filter_state: true, stats_for_all_methods: true },
      },
      router,
    ],
    use_remote_address: true,
  });

const listener = (name: string, port: number, manager: JsonObject): JsonObject => ({
  name,
  address: address(port),
  filter_chains: [
    {
      filters: [
        {
          name: 'envoy.filters.network.http_connection_manager',
          typed_config: { '@type': HCM, ...manager },
        },
      ],
    },
  ],
});

/** A cluster with one locality. */
export const staticCluster = (name: string, ports: readonly number[]): JsonObject =>
  localCluster(name, [{ ports, weight: 1 }]);

/** A cluster of several backends, each with its weight. */
export function localCluster(
  name: string,
  localities: readonly { ports: readonly number[]; weight: number }[],
): JsonObject {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '10s',
    common_lb_config: { locality_weighted_lb_config: {} },
    ignore_health_on_host_removal: true,
    circuit_breakers: { thresholds: [{ max_retries: 1024 }] },
    load_assignment: {
      cluster_name: name,
      endpoints: localities.map(({ ports, weight }, i) => ({
        locality: { region: `${name}/backend/${i}` },
        load_balancing_weight: weight,
        lb_endpoints: ports.map((port) => ({ endpoint: { address: address(port) } })),
      })),
    },
  };
}
