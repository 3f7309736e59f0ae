import type { Backends, Endpoint } from '../proxy/backends.ts';
import type { Edits } from './header-edits.ts';
import type { Random } from '../../../lib/random.ts';

/** The part of a request that routing looks at. */
export interface RoutedRequest {
  method: string;
  /** without the port, lower case */
  host: string;
  /** as the client sent it; absent: the usual one */
  port?: number;
  /** without the query */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
}

/** Where a request goes, or what the gateway itself answers; metrics use `labels`. */
export type Routed<Labels> = Sent<Labels> | Answered<Labels>;

export interface Answered<Labels> {
  status: number;
  why: string;
  /** the route asks for this answer, such as a redirect; absent: the request failed */
  reply?: Reply;
  labels?: Labels;
}

export interface Reply {
  headers: Record<string, string>;
  body?: string;
}

/** What a route changes in a request besides headers, and how long and how often it tries. */
export interface Transport {
  /** instead of the request's path, without the query */
  path?: string;
  /** instead of the request's host */
  host?: string;
  /** how long the request waits before it is sent */
  delayMs?: number;
  /** for all tries together; absent: the route has no limit */
  timeoutMs?: number;
  tryTimeoutMs?: number;
  retries?: Retries;
}

export interface Retries {
  /** tries besides the first */
  attempts: number;
  /** should an answer with this status be dropped, and another endpoint of the same backend be tried? */
  on: (status: number) => boolean;
}

export interface Sent<Labels> {
  to: readonly Endpoint[];
  labels: Labels;
  /** changes of headers; absent: none */
  edits?: Edits;
  transport?: Transport;
  /** where copies go */
  copies?: readonly Copy[];
}

/** A copy of a request: it is sent once, and its answer is dropped. */
export interface Copy {
  to: readonly Endpoint[];
  labels: ServiceLabels;
}

/** A backend that gets copies of this share of the requests. */
export interface Mirroring {
  to: Routed<ServiceLabels>;
  percent: number;
}

/**
 * Draws for each mirror separately; a mirror that cannot be reached gets nothing, and nothing reports that.
 */
export function copiesFor(mirrors: readonly Mirroring[], random: Random): Copy[] {
  return mirrors.flatMap(({ to, percent }) => ('to' in to && random() * 100 < percent ? [to] : []));
}

/**
 * Does `pattern` ("", "*", "*.example.com" or a name) cover the host? A higher number is more specific; -1:
 * no.
 */
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

/** Does the pattern (RE2) match the whole text? One that cannot be read matches nothing. */
export function regexCovers(pattern: string, text: string): boolean {
  const [, flags = '', rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  try {
    return new RegExp(`^(?:${rest.replaceAll('(?P<', '(?<')})$`, flags).test(text);
  } catch {
    return false;
  }
}

export function headerOf(request: RoutedRequest, name: string): string | undefined {
  const value = request.headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Is it a gRPC call? */
export const isGrpc = (headers: RoutedRequest['headers']): boolean =>
  /^application\/grpc($|[+;])/.test(String(headers['content-type'] ?? ''));

/** The names of a Service in metrics. */
export interface ServiceLabels {
  namespace: string;
  service: string;
  /** the cluster of Envoy by which it was reached, if counts are by cluster */
  cluster?: string;
}

/**
 * The Service that a host means within the cluster, e.g. "shop.shop.svc" or "shop.shop.svc.cluster.local".
 */
export function meshHost(host: string): ServiceLabels | undefined {
  const [, service, namespace] = /^([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?$/.exec(host) ?? [];
  return service === undefined || namespace === undefined ? undefined : { namespace, service };
}

export const fullName = ({ service, namespace }: ServiceLabels): string =>
  `${service}.${namespace}.svc.cluster.local`;

/** Any ready endpoint of a Service; without a port, of its first one. */
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
