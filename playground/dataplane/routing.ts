import type { Backends, Endpoint } from './backends.ts';

/** The part of a request that routing looks at. */
export interface RoutedRequest {
  method: string;
  /** without the port, lower case */
  host: string;
  /** without the query */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
}

/** Where a request goes, or why it is answered by the gateway itself; `labels` go to the metrics. */
export type Routed<Labels> =
  { to: readonly Endpoint[]; labels: Labels } | { status: 404 | 500 | 503; why: string; labels?: Labels };

/** Does `pattern` ("", "*", "*.example.com" or a name) cover the host? The more specific, the higher; -1: no. */
export function hostRank(pattern: string, host: string): number {
  if (pattern === '' || pattern === '*') return 0;
  if (pattern === host) return 1_000_000;
  if (pattern.startsWith('*.') && host.endsWith(pattern.slice(1))) return pattern.length;
  return -1;
}

/** Prefix by path elements: /a covers /a and /a/b, not /ab. */
export function prefixCovers(prefix: string, path: string): boolean {
  const trimmed = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path === trimmed || path.startsWith(`${trimmed}/`);
}

/** A Service as metrics name it. */
export interface ServiceLabels {
  namespace: string;
  service: string;
}

/** The Service that a host names within the cluster, e.g. "shop.shop.svc" or "shop.shop.svc.cluster.local". */
export function meshHost(host: string): ServiceLabels | undefined {
  const [, service, namespace] = /^([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?$/.exec(host) ?? [];
  return service === undefined || namespace === undefined ? undefined : { namespace, service };
}

/** Any ready endpoint of a Service; without a port, of its first. */
export function toService(
  backends: Backends,
  { namespace, service }: ServiceLabels,
  port?: number,
): Routed<ServiceLabels> {
  const labels = { namespace, service };
  const to = backends.endpoints(namespace, service, port);
  if (to === undefined) return { status: 503, why: `no Service ${service}`, labels };
  return to.length === 0 ? { status: 503, why: `no endpoint of ${service}`, labels } : { to, labels };
}
