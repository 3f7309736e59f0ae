/** Reads and checks the JSON by which clients ask for faults. */
import { badRequest } from '../errors.ts';
import { isObject, list, number, object, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

export const VERBS = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
] as const;

export const STATUSES: Record<number, string> = {
  409: 'Conflict',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

export const EFFECTS = ['latency', 'error', 'drop', 'gone', 'stale', 'endWatch', 'halfOpenWatch'] as const;
export type EffectName = (typeof EFFECTS)[number];

/** The requests that a fault may hit; an absent field matches all. */
export interface Route {
  /** of VERBS */
  verbs: string[];
  /** plural of the resource, e.g. "deployments" */
  resource: string | undefined;
  /** '' is the main resource */
  subresource: string | undefined;
  namespace: string | undefined;
  name: string | undefined;
  /** user name, e.g. "system:serviceaccount:sluice-system:sluice" */
  user: string | undefined;
}

export interface Fault {
  id: string;
  route: Route;
  effect: EffectName;
  /** latency: milliseconds before the request is handled */
  ms: number;
  /** error: of STATUSES */
  status: number;
  /** error, drop: the request takes effect, and only its answer is lost */
  carriedOut: boolean;
  /** error: Retry-After in seconds; 0 = none */
  retryAfter: number;
  /** endWatch, halfOpenWatch: events that still arrive first */
  events: number;
  /** the number of matching requests that pass first */
  skip: number;
  /** how often the fault strikes; Infinity = until it is removed */
  times: number;
  /** the share of the remaining matching requests that the fault hits, drawn from `seed` */
  probability: number;
  seed: number;
}

const FIELDS = new Set<string>([
  ...['id', 'route', 'effect', 'ms', 'status', 'carriedOut', 'retryAfter', 'events'],
  ...['skip', 'times', 'probability', 'seed'],
]);
const ROUTE_FIELDS = new Set<string>(['verbs', 'resource', 'subresource', 'namespace', 'name', 'user']);

const bad = (field: string, value: Json | undefined, remedy: string): Error =>
  badRequest(`fault: ${field}: ${JSON.stringify(value ?? null)}: ${remedy}`);

function known(source: JsonObject, fields: Set<string>, path: string): void {
  for (const key of Object.keys(source))
    if (!fields.has(key))
      throw bad(`${path}${key}`, source[key], `no such field; give one of ${[...fields].join(', ')}`);
}

function count(source: JsonObject, field: string, otherwise: number): number {
  const value = source[field];
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && value >= 0 && Number.isInteger(value)) return value;
  throw bad(field, value, 'give a whole number from 0');
}

function routeOf(value: Json | undefined): Route {
  if (value !== undefined && !isObject(value)) throw bad('route', value, 'give an object');
  const source = object(value);
  known(source, ROUTE_FIELDS, 'route.');
  const verbs = list(source['verbs']).map(String);
  for (const verb of verbs)
    if (!(VERBS as readonly string[]).includes(verb))
      throw bad('route.verbs', verb, `give of ${VERBS.join(', ')}`);
  const word = (field: string): string | undefined => {
    const given = source[field];
    if (given !== undefined && typeof given !== 'string') throw bad(`route.${field}`, given, 'give a string');
    return given;
  };
  return {
    verbs,
    resource: word('resource'),
    subresource: word('subresource'),
    namespace: word('namespace'),
    name: word('name'),
    user: word('user'),
  };
}

/** Reads one fault; `id` is its default name. Throws a 400 with field, value and remedy. */
export function readFault(value: Json, id: string): Fault {
  if (!isObject(value)) throw bad('body', value, 'give an object with an effect');
  known(value, FIELDS, '');
  const effect = EFFECTS.find((name) => name === value['effect']);
  if (effect === undefined) throw bad('effect', value['effect'], `give one of ${EFFECTS.join(', ')}`);
  const status = count(value, 'status', 500);
  if (STATUSES[status] === undefined)
    throw bad('status', status, `give one of ${Object.keys(STATUSES).join(', ')}`);
  const probability = number(value['probability']) ?? 1;
  if (probability < 0 || probability > 1) throw bad('probability', probability, 'give a number from 0 to 1');
  return {
    id: text(value['id']) || id,
    route: routeOf(value['route']),
    effect,
    ms: count(value, 'ms', 0),
    status,
    carriedOut: value['carriedOut'] === true,
    retryAfter: count(value, 'retryAfter', status === 429 ? 1 : 0),
    events: count(value, 'events', 0),
    skip: count(value, 'skip', 0),
    times: count(value, 'times', Infinity),
    probability,
    seed: count(value, 'seed', 1),
  };
}
