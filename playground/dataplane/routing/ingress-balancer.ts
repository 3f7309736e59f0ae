import type { Endpoint } from '../proxy/backends.ts';
import type { HeaderEdits } from './header-edits.ts';
import type { Affinity, Shaping } from './ingress-annotations.ts';
import type { Location, Upstream } from './ingress-upstreams.ts';
import { fnv1a } from '../../../lib/hash.ts';
import type { Random } from '../../../lib/random.ts';
import { headerOf } from './routing.ts';
import type { RoutedRequest } from './routing.ts';

/**
 * Does a request with this stable upstream go to the canary? A client that was sent to one of the two before
 * stays there.
 */
export function goesToCanary(
  { stable, canary }: { stable: Upstream; canary: Upstream },
  request: RoutedRequest,
  random: Random,
): boolean {
  if (isAffinitized(stable, request)) return false;
  if (isAffinitized(canary, request)) return true;
  if (canary.shaping === undefined) return false;
  return (
    byHeader(canary.shaping, request) ?? byCookie(canary.shaping, request) ?? byWeight(canary.shaping, random)
  );
}

/** Undefined: the header decides nothing. */
function byHeader(shaping: Shaping, request: RoutedRequest): boolean | undefined {
  const header = shaping.header === '' ? undefined : variableOf(request, shaping.header);
  if (header === undefined) return undefined;
  if (shaping.headerValue !== '') return header === shaping.headerValue ? true : undefined;
  if (shaping.headerPattern !== '') return byPattern(shaping.headerPattern, header);
  return alwaysOrNever(header);
}

/**
 * A header as a variable of nginx: X_Beta becomes X-Beta, and headers that clients send with "_" or "." are
 * dropped.
 */
function variableOf(request: RoutedRequest, name: string): string | undefined {
  const variable = name.toLowerCase().replaceAll('_', '-');
  return variable.includes('.') ? undefined : headerOf(request, variable);
}

/**
 * Finds the pattern anywhere in the text; a pattern that cannot be read means stable, whatever cookie and
 * weight say.
 */
function byPattern(pattern: string, text: string): boolean | undefined {
  try {
    return new RegExp(pattern).test(text) ? true : undefined;
  } catch {
    return false;
  }
}

const byCookie = (shaping: Shaping, request: RoutedRequest): boolean | undefined =>
  shaping.cookie === '' ? undefined : alwaysOrNever(cookieVariableOf(request, shaping.cookie));

function alwaysOrNever(value: string | undefined): boolean | undefined {
  if (value === 'always') return true;
  return value === 'never' ? false : undefined;
}

const byWeight = ({ weight, total }: Shaping, random: Random): boolean => random() * total < weight;

/** The endpoints of a session and, if the client should keep it, the header that sets its cookie. */
export interface Session {
  to: readonly Endpoint[];
  edit?: HeaderEdits;
}

/**
 * The cookie names an endpoint and the upstream: `<key>|<upstream>`. A key from another upstream is kept, and
 * so is the cookie: a client of a canary that is gone has a cookie that the next canary accepts.
 */
export function sessionOf(
  { upstream, location }: { upstream: Upstream; location: Location },
  request: RoutedRequest,
  random: Random,
): Session {
  const { affinity, endpoints } = upstream;
  if (affinity === undefined) return { to: endpoints };
  const known = cookieOf(request, affinity.cookie)?.split('|')[0];
  const key = known ?? `${Math.floor(random() * 1e9)}`;
  const to = endpoints.slice(fnv1a(key) % endpoints.length).slice(0, 1);
  if (known !== undefined) return { to };
  return {
    to,
    edit: { set: {}, add: { 'Set-Cookie': setCookie(affinity, key, { upstream, location }) }, remove: [] },
  };
}

function setCookie(
  { cookie, maxAge }: Affinity,
  key: string,
  { upstream, location }: { upstream: Upstream; location: Location },
): string {
  const age = maxAge === '' ? '' : `; Max-Age=${maxAge}`;
  return `${cookie}=${key}|${keyOf(upstream)}; Path=${location.path}${age}; HttpOnly`;
}

const isAffinitized = (upstream: Upstream, request: RoutedRequest): boolean =>
  upstream.affinity !== undefined &&
  cookieOf(request, upstream.affinity.cookie)?.split('|')[1] === keyOf(upstream);

const keyOf = ({ id }: Upstream): string => fnv1a(id).toString(16);

/**
 * A cookie as a variable of nginx: names ignore case, a comma also separates names but does not end a value,
 * spaces may surround `=`.
 */
function cookieVariableOf(request: RoutedRequest, name: string): string | undefined {
  const literal = name.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const pattern = new RegExp(`(?:^|[;,]) *${literal} *= *([^;]*)`, 'i');
  return pattern.exec(String(request.headers['cookie'] ?? ''))?.[1];
}

function cookieOf(request: RoutedRequest, name: string): string | undefined {
  const cookies = String(request.headers['cookie'] ?? '').split(/; */);
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}
