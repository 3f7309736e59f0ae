import { anyOf } from '../shared/presets.ts';
import type { Presets } from '../provider.ts';

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
