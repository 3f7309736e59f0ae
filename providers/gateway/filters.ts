import { arrayOrEmpty, getNumber, getObject, getObjects, getString } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Pair } from '../shared/weighted-rules.ts';

/**
 * Does a reference to a backend name that Service? Without kind or namespace it means a Service of the
 * route's own namespace.
 */
export function refersTo(ref: JsonObject, service: string, namespace: string): boolean {
  return (
    getString(ref, 'name') === service &&
    (getString(ref, 'group') ?? '') === '' &&
    (getString(ref, 'kind') ?? 'Service') === 'Service' &&
    (getString(ref, 'namespace') ?? namespace) === namespace
  );
}

const isMirrorTo = (filter: JsonObject, { canary, namespace }: Pair): boolean => {
  const ref = getObject(filter, 'requestMirror', 'backendRef');
  return ref !== undefined && refersTo(ref, canary, namespace);
};

/** The rule without our copies; the same object if there are none. */
export function withoutMirror(rule: JsonObject, pair: Pair): JsonObject {
  const filters = getObjects(rule, 'filters');
  const users = filters.filter((filter) => !isMirrorTo(filter, pair));
  return users.length === filters.length ? rule : withFilters(rule, users);
}

/** The rule, which has no copies of ours, with `percent` of its requests copied to the canary. */
export function withMirror(rule: JsonObject, pair: Pair, percent: number): JsonObject {
  if (percent === 0) return rule;
  const refs = getObjects(rule, 'backendRefs');
  const to = (service: string) => refs.filter((ref) => refersTo(ref, service, pair.namespace));
  const stable = [...to(pair.stable), ...to(pair.canary)];
  const served = stable.find((ref) => getNumber(ref, 'weight') !== 0) ?? stable[0];
  const port = getNumber(served, 'port');
  const backendRef = {
    group: '',
    kind: 'Service',
    name: pair.canary,
    ...(port === undefined ? {} : { port }),
  };
  // Old versions of the kind have no field for a percentage and copy everything.
  const filter = {
    type: 'RequestMirror',
    requestMirror: { backendRef, ...(percent === 100 ? {} : { percent }) },
  };
  return { ...rule, filters: [...getObjects(rule, 'filters'), filter] };
}

/** Percent of its requests that a rule copies to the canary. */
export function mirrorOf(rule: JsonObject, pair: Pair): number {
  return getObjects(rule, 'filters')
    .filter((filter) => isMirrorTo(filter, pair))
    .reduce((sum, filter) => sum + percentOfMirror(filter), 0);
}

function percentOfMirror(filter: JsonObject): number {
  const numerator = getNumber(filter, 'requestMirror', 'fraction', 'numerator');
  if (numerator === undefined) return getNumber(filter, 'requestMirror', 'percent') ?? 100;
  return (100 * numerator) / (getNumber(filter, 'requestMirror', 'fraction', 'denominator') ?? 100);
}

const withFilters = (holder: JsonObject, filters: JsonObject[]): JsonObject => {
  return filters.length > 0 ? { ...holder, filters } : without(holder, 'filters');
};

export function without(object: JsonObject, key: string): JsonObject {
  const rest = { ...object };
  delete rest[key];
  return rest;
}

export const SET_COOKIE = 'Set-Cookie';

const isSetCookie = ({ name }: JsonObject): boolean =>
  typeof name === 'string' && name.toLowerCase() === SET_COOKIE.toLowerCase();

const responseModifier = (ref: JsonObject): JsonObject | undefined =>
  getObjects(ref, 'filters').find(({ type }) => type === 'ResponseHeaderModifier');

/** A backend whose answers also set this cookie. The list may have only one filter of that kind. */
export function withCookie(ref: JsonObject, cookie: string): JsonObject {
  const filters = getObjects(ref, 'filters');
  const old = responseModifier(ref);
  const modifier = getObject(old, 'responseHeaderModifier') ?? {};
  const add = [...getObjects(modifier, 'add'), { name: SET_COOKIE, value: cookie }];
  const next = { type: 'ResponseHeaderModifier', responseHeaderModifier: { ...modifier, add } };
  return {
    ...ref,
    filters: old === undefined ? [...filters, next] : filters.map((each) => (each === old ? next : each)),
  };
}

/** The cookies that a backend's answers set in addition to their own. */
export const cookiesOf = (ref: JsonObject): string[] =>
  ['add', 'set'].flatMap((how) =>
    getObjects(responseModifier(ref), 'responseHeaderModifier', how)
      .filter(isSetCookie)
      .map(({ value }) => (typeof value === 'string' ? value : '')),
  );

/** Does a rule's filter remove or replace cookies that its backends' filters have set? */
export function overrulesCookies(rule: JsonObject): boolean {
  const modifier = getObject(responseModifier(rule), 'responseHeaderModifier');
  const removed = arrayOrEmpty(modifier, 'remove').map((name): JsonObject => ({ name }));
  return [...getObjects(modifier, 'set'), ...removed].some(isSetCookie);
}

/** It removes a header that no client sends; only its presence matters. */
const MARK = { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-sluice-none'] } };

const isMark = (filter: JsonObject): boolean =>
  getString(filter, 'requestHeaderModifier', 'remove', 0) === 'x-sluice-none';

export const isMarked = (ref: JsonObject): boolean => getObjects(ref, 'filters').some(isMark);

/**
 * Envoy Gateway puts all backends of a rule into one Envoy cluster, whose metrics cannot tell stable from
 * canary, unless one of them has a filter.
 */
export const withMark = (ref: JsonObject): JsonObject =>
  getObjects(ref, 'filters').length > 0 ? ref : { ...ref, filters: [MARK] };

/** A backend without the filters, or parts of filters, that are ours. */
export function withoutOurs(ref: JsonObject): JsonObject {
  if (ref['filters'] === undefined) return ref;
  const users = getObjects(ref, 'filters')
    .filter((filter) => !isMark(filter))
    .flatMap((filter) => withoutCookie(filter));
  return withFilters(ref, users);
}

function withoutCookie(filter: JsonObject): JsonObject[] {
  const modifier = getObject(filter, 'responseHeaderModifier');
  const added = getObjects(modifier, 'add');
  const users = added.filter((each) => !isSetCookie(each));
  if (modifier === undefined || users.length === added.length) return [filter];
  const next = users.length === 0 ? without(modifier, 'add') : { ...modifier, add: users };
  return Object.keys(next).length === 0 ? [] : [{ ...filter, responseHeaderModifier: next }];
}
