import { anyOf } from '../shared/presets.ts';
import type { Presets } from '../provider.ts';

/**
 * All labels except `canary` are those of the user's Ingress, for canary requests too. Prometheus renames
 * `namespace` and `service` if its scrape configuration sets labels of these names itself (no `honorLabels`).
 */
const NGINX = [
  '{namespace="{{namespace}}",ingress=~"{{ingressRegex}}",service="{{stableService}}"',
  '{exported_namespace="{{namespace}}",ingress=~"{{ingressRegex}}",exported_service="{{stableService}}"',
];
/** The canary's value is the name of its upstream. */
const NGINX_CANARY = 'canary=~"{{namespace}}-{{canaryService}}-({{portRegex}})"';
const NGINX_STABLE = 'canary=""';
/**
 * Time to the first byte from upstream: unlike the duration of the request it does not include the time of a
 * slow client.
 */
const NGINX_DURATIONS = 'nginx_ingress_controller_header_duration_seconds';

const nginx = (metric: string, ...labels: string[]): string =>
  anyOf(...NGINX.map((where) => `${metric}${[where, ...labels].join(',')}}`));

/**
 * `5..` matches a code and, with `--report-status-classes`, the class `5xx`. 499 (the client disconnected) is
 * not an error.
 */
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
   * What nginx answers itself (redirects, refused logins, rate limits) counts as stable's, but has no
   * upstream time. A request that no pod answered has none either: without those, a stable arm that is down
   * would look like a canary that gets too much, and the canary that is to replace it would be rolled back.
   * Some may be counted twice: a share that looks too small only delays the release.
   */
  requests: {
    canary: nginx(`${NGINX_DURATIONS}_count`, NGINX_CANARY),
    stable: anyOf(
      nginx(`${NGINX_DURATIONS}_count`, NGINX_STABLE),
      nginx('nginx_ingress_controller_requests', NGINX_STABLE, 'status=~"502|504|5xx"'),
    ),
  },
};
