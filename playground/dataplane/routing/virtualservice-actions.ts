import { corsEdits, preflight, type Cors } from './cors.ts';
import { milliseconds } from './durations.ts';
import type { Edits } from './header-edits.ts';
import type { Random } from '../../../lib/random.ts';
import { regexCovers, type Answered, type Retries, type RoutedRequest, type Transport } from './routing.ts';
import type { Match, StringMatch } from './virtualservice-matches.ts';

interface Percentage {
  percentage?: { value?: number };
}

/** What an http route does with a request besides choosing a destination. */
export interface Actions {
  redirect?: {
    uri?: string;
    authority?: string;
    scheme?: string;
    port?: number;
    derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT';
    redirectCode?: number;
  };
  directResponse?: { status: number; body?: { string?: string; bytes?: string } };
  rewrite?: { uri?: string; authority?: string; uriRegexRewrite?: { match: string; rewrite: string } };
  fault?: {
    delay?: Percentage & { fixedDelay?: string };
    abort?: Percentage & { httpStatus?: number };
  };
  timeout?: string;
  retries?: { attempts?: number; perTryTimeout?: string; retryOn?: string };
  corsPolicy?: {
    allowOrigins?: StringMatch[];
    allowMethods?: string[];
    allowHeaders?: string[];
    exposeHeaders?: string[];
    maxAge?: string;
    allowCredentials?: boolean;
  };
}

/** The proxy's own answer, whatever the destination; undefined: none. */
export function replyOf(actions: Actions, request: RoutedRequest): Answered<never> | undefined {
  const { redirect, directResponse, corsPolicy } = actions;
  const asked = corsPolicy === undefined ? undefined : preflight(corsOf(corsPolicy), request);
  if (asked !== undefined) return asked;
  if (redirect !== undefined) {
    const { redirectCode: status = 301 } = redirect;
    return { status, why: 'redirect', reply: { headers: { location: locationOf(redirect, request) } } };
  }
  if (directResponse === undefined) return undefined;
  const { status, body: { string, bytes } = {} } = directResponse;
  const body = string ?? (bytes === undefined ? '' : Buffer.from(bytes, 'base64').toString());
  return { status, why: 'direct response', reply: { headers: {}, body } };
}

/** A path of the route replaces the request's path; the query stays, unless the new path has one. */
function locationOf(redirect: NonNullable<Actions['redirect']>, request: RoutedRequest): string {
  const { scheme = 'http', authority = request.host, uri, derivePort } = redirect;
  const port = derivePort === 'FROM_REQUEST_PORT' ? request.port : redirect.port;
  const usual = port === undefined || port === (scheme === 'https' ? 443 : 80);
  const query = request.query.size > 0 ? `?${request.query.toString()}` : '';
  const path = uri === undefined || uri === '' ? request.path : uri;
  return `${scheme}://${authority}${usual ? '' : `:${port}`}${path}${path.includes('?') ? '' : query}`;
}

/** An answer of the fault filter, which only a share of the requests gets. */
export function abortOf({ fault }: Actions, random: Random): { status: number; why: string } | undefined {
  const { httpStatus: status } = fault?.abort ?? {};
  return status === undefined || !happens(fault?.abort, random)
    ? undefined
    : { status, why: 'fault filter abort' };
}

/** Without a percentage it applies to no request. */
const happens = (of: Percentage | undefined, random: Random): boolean =>
  random() * 100 < (of?.percentage?.value ?? 0);

export function transportOf(
  actions: Actions,
  match: Match | undefined,
  request: RoutedRequest,
  random: Random,
): Transport {
  const { rewrite, fault, timeout, retries } = actions;
  const path = rewrite === undefined ? undefined : rewritten(rewrite, match, request.path);
  const delayMs =
    fault?.delay !== undefined && happens(fault.delay, random)
      ? milliseconds(fault.delay.fixedDelay)
      : undefined;
  const timeoutMs = milliseconds(timeout);
  const tryTimeoutMs = milliseconds(retries?.perTryTimeout);
  return {
    ...(path === undefined ? {} : { path }),
    ...(rewrite?.authority === undefined ? {} : { host: rewrite.authority }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(tryTimeoutMs === undefined ? {} : { tryTimeoutMs }),
    ...(retries === undefined ? {} : { retries: retriesOf(retries) }),
  };
}

/** Replaces the prefix that matched; otherwise the whole path. */
function rewritten(
  { uri, uriRegexRewrite }: NonNullable<Actions['rewrite']>,
  match: Match | undefined,
  path: string,
): string | undefined {
  if (uriRegexRewrite !== undefined) {
    const rewrite = uriRegexRewrite.rewrite.replaceAll('$', '$$$$').replaceAll(/\\(\d)/g, '$$$1');
    return path.replaceAll(new RegExp(uriRegexRewrite.match, 'g'), rewrite);
  }
  if (uri === undefined || uri === '') return undefined;
  const { exact, regex, prefix = '/' } = match?.uri ?? {};
  return exact !== undefined || regex !== undefined ? uri : `${uri}${path.slice(prefix.length)}`;
}

const GATEWAY_ERRORS = [502, 503, 504];

/** `retryOn` has Envoy's words and status codes; without it no answer leads to another try. */
function retriesOf({ attempts = 0, retryOn = '' }: NonNullable<Actions['retries']>): Retries {
  const words = retryOn.split(',').map((word) => word.trim());
  return {
    attempts,
    on: (status) =>
      words.includes(String(status)) ||
      (words.includes('5xx') && status >= 500) ||
      (words.includes('gateway-error') && GATEWAY_ERRORS.includes(status)) ||
      (words.includes('retriable-4xx') && status === 409),
  };
}

export const corsEditsOf = ({ corsPolicy }: Actions, request: RoutedRequest): Edits =>
  corsPolicy === undefined ? { request: [], response: [] } : corsEdits(corsOf(corsPolicy), request);

function corsOf(policy: NonNullable<Actions['corsPolicy']>): Cors {
  const age = milliseconds(policy.maxAge);
  return {
    allows: (origin) =>
      (policy.allowOrigins ?? []).some(
        ({ exact, prefix, regex }) =>
          exact === '*' ||
          exact === origin ||
          (prefix !== undefined && origin.startsWith(prefix)) ||
          (regex !== undefined && regexCovers(regex, origin)),
      ),
    methods: policy.allowMethods ?? [],
    headers: policy.allowHeaders ?? [],
    exposed: policy.exposeHeaders ?? [],
    credentials: policy.allowCredentials ?? false,
    maxAgeSeconds: age === undefined ? undefined : age / 1000,
  };
}
