import type { Edits } from './header-edits.ts';
import { headerOf, type Answered, type RoutedRequest } from './routing.ts';

/** What pages of other origins may do, independent of the kind of route. */
export interface Cors {
  allows: (origin: string) => boolean;
  methods: readonly string[];
  headers: readonly string[];
  exposed: readonly string[];
  credentials: boolean;
  maxAgeSeconds: number | undefined;
}

/**
 * The gateway itself answers a browser's preflight request; undefined: it is not such a request, or its
 * origin is not allowed.
 */
export function preflight(cors: Cors, request: RoutedRequest): Answered<never> | undefined {
  const origin = headerOf(request, 'origin');
  const wanted = headerOf(request, 'access-control-request-method');
  if (request.method !== 'OPTIONS' || origin === undefined || wanted === undefined) return undefined;
  if (!cors.allows(origin)) return undefined;
  // "*" is not a wildcard for a browser that sends credentials.
  const listed = (values: readonly string[], asked: string | undefined) =>
    values.includes('*') && asked !== undefined ? asked : values.join(', ');
  const optional = {
    'access-control-allow-methods': listed(cors.methods, wanted),
    'access-control-allow-headers': listed(cors.headers, headerOf(request, 'access-control-request-headers')),
    'access-control-max-age': cors.maxAgeSeconds === undefined ? '' : String(cors.maxAgeSeconds),
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== ''));
  return { status: 200, why: 'preflight', reply: { headers: { ...forOrigin(cors, origin), ...given } } };
}

/** The headers that an answer gets for an origin that may read it. */
export function corsEdits(cors: Cors, request: RoutedRequest): Edits {
  const origin = headerOf(request, 'origin');
  if (origin === undefined || !cors.allows(origin)) return { request: [], response: [] };
  const exposed =
    cors.exposed.length === 0 ? {} : { 'access-control-expose-headers': cors.exposed.join(', ') };
  return {
    request: [],
    response: [{ set: { ...forOrigin(cors, origin), ...exposed }, add: {}, remove: [] }],
  };
}

const forOrigin = ({ credentials }: Cors, origin: string): Record<string, string> => ({
  'access-control-allow-origin': origin,
  vary: 'Origin',
  ...(credentials ? { 'access-control-allow-credentials': 'true' } : {}),
});
