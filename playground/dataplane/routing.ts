import type { Endpoint } from './backends.ts';

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
