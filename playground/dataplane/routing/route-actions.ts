import { corsEdits, preflight, type Cors } from './cors.ts';
import { milliseconds } from './durations.ts';
import type { Edits } from './header-edits.ts';
import type { Answered, Retries, RoutedRequest, Transport } from './routing.ts';

interface PathModifier {
  type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  replaceFullPath?: string;
  replacePrefixMatch?: string;
}

/** Filters that answer a request or change where it goes, not only its headers. */
export interface Acting {
  requestRedirect?: {
    scheme?: string;
    hostname?: string;
    path?: PathModifier;
    port?: number;
    statusCode?: number;
  };
  urlRewrite?: { hostname?: string; path?: PathModifier };
  cors?: {
    allowOrigins?: string[];
    allowMethods?: string[];
    allowHeaders?: string[];
    exposeHeaders?: string[];
    maxAge?: number;
    allowCredentials?: boolean;
  };
}

/** How long and how often a rule tries; the second field is in the experimental channel. */
export interface Trying {
  timeouts?: { request?: string; backendRequest?: string };
  retry?: { attempts?: number; codes?: number[] };
}

/** A request with what its rule knows about it. */
export interface Arrived {
  request: RoutedRequest;
  /** the path prefix by which the rule matched; absent: it matched by another condition */
  prefix?: string | undefined;
  /** the port of the listener that received the request */
  port: number;
}

/** The gateway's own answer, whatever the backend: a redirect, or the answer to a preflight request. */
export function replyOf(filters: readonly Acting[], arrived: Arrived): Answered<never> | undefined {
  for (const { cors, requestRedirect } of filters) {
    const asked = cors === undefined ? undefined : preflight(corsOf(cors), arrived.request);
    if (asked !== undefined) return asked;
    if (requestRedirect !== undefined) {
      const { statusCode: status = 302 } = requestRedirect;
      const location = locationOf(requestRedirect, arrived);
      return { status, why: 'redirect', reply: { headers: { location } } };
    }
  }
  return undefined;
}

/**
 * The port for another scheme is the usual one, otherwise that of the listener; a usual port is not written.
 */
function locationOf(redirect: NonNullable<Acting['requestRedirect']>, arrived: Arrived): string {
  const { request } = arrived;
  const { scheme = 'http', hostname = request.host, path } = redirect;
  const usual = scheme === 'https' ? 443 : 80;
  const port = redirect.port ?? (redirect.scheme === undefined ? arrived.port : usual);
  const query = request.query.size > 0 ? `?${request.query.toString()}` : '';
  const changed = path === undefined ? request.path : modified(path, arrived);
  return `${scheme}://${hostname}${port === usual ? '' : `:${port}`}${changed}${query}`;
}

/** Prefixes are path elements, so the rest begins with a slash, and so does the whole path. */
function modified(path: PathModifier, { request, prefix = '/' }: Arrived): string {
  if (path.type === 'ReplaceFullPath') return path.replaceFullPath ?? '/';
  const rest = request.path.slice(prefix.replace(/\/$/, '').length);
  const replacement = (path.replacePrefixMatch ?? '').replace(/\/$/, '');
  const joined = rest === '' || rest.startsWith('/') ? `${replacement}${rest}` : `${replacement}/${rest}`;
  return joined === '' ? '/' : joined;
}

export function transportOf(
  filters: readonly Acting[],
  { timeouts, retry }: Trying,
  arrived: Arrived,
): Transport {
  const rewrite = filters.find(({ urlRewrite }) => urlRewrite !== undefined)?.urlRewrite;
  const timeoutMs = milliseconds(timeouts?.request);
  const tryTimeoutMs = milliseconds(timeouts?.backendRequest);
  return {
    ...(rewrite?.path === undefined ? {} : { path: modified(rewrite.path, arrived) }),
    ...(rewrite?.hostname === undefined ? {} : { host: rewrite.hostname }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(tryTimeoutMs === undefined ? {} : { tryTimeoutMs }),
    ...(retry === undefined ? {} : { retries: retriesOf(retry) }),
  };
}

const retriesOf = ({ attempts = 1, codes = [] }: NonNullable<Trying['retry']>): Retries => ({
  attempts,
  on: (status) => codes.includes(status),
});

export const corsEditsOf = (filters: readonly Acting[], { request }: Arrived): Edits[] =>
  filters.flatMap(({ cors }) => (cors === undefined ? [] : [corsEdits(corsOf(cors), request)]));

/** An origin may have a wildcard for the first labels of its host, or may be any. */
function corsOf(filter: NonNullable<Acting['cors']>): Cors {
  const allows = (origin: string) =>
    (filter.allowOrigins ?? []).some((pattern) => {
      const [before = '', after] = pattern.split('*');
      return after === undefined ? pattern === origin : origin.startsWith(before) && origin.endsWith(after);
    });
  return {
    allows,
    methods: filter.allowMethods ?? [],
    headers: filter.allowHeaders ?? [],
    exposed: filter.exposeHeaders ?? [],
    credentials: filter.allowCredentials ?? false,
    maxAgeSeconds: filter.maxAge ?? 5,
  };
}
