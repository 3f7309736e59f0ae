import { equalJson, getObject, getString } from '../../lib/json.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { cookiePattern, stickyCookie } from '../shared/cookies.ts';
import type { TrafficContext } from '../provider.ts';

/** The name of the routes that Sluice adds, beside a user's and in a VirtualService of its own. */
export const OWN_ROUTE = 'sluice-match';

/**
 * A condition on one header; requests that meet it go to the canary. Istio wants header names in lower case.
 */
export interface Condition {
  header: string;
  is: JsonObject;
}

type Asked = Pick<TrafficContext, 'wants' | 'release'>;

/** All conditions; a request has to meet only one of them. */
export function conditionsOf({ wants: { match, sticky }, release }: Asked): Condition[] {
  const headers = (match?.headers ?? []).map(({ name, value, regex }) => ({
    header: name.toLowerCase(),
    is: regex === true ? { regex: value } : { exact: value },
  }));
  const own = sticky === undefined ? [] : [{ name: sticky.cookie, value: release }];
  const cookies = [...(match?.cookies ?? []), ...own].map(({ name, value }) => ({
    header: 'cookie',
    is: { regex: cookiePattern(name, value) },
  }));
  return [...headers, ...cookies];
}

/**
 * Entries of a `match` list (any of them is enough; [] = everything), narrowed so that each also asks for one
 * condition. A result of [] means that nothing can match: as a `match` list it would mean everything.
 */
export function narrowed(entries: readonly JsonObject[], conditions: readonly Condition[]): JsonObject[] {
  return (entries.length === 0 ? [{}] : entries).flatMap((entry) =>
    conditions.flatMap((condition): JsonObject[] => {
      const [name, asked] = askedOf(entry, condition);
      const both = together(asked, condition.is);
      return typeof both === 'string' || excludes(entry, condition)
        ? []
        : [{ ...entry, headers: { ...getObject(entry, 'headers'), [name]: both } }];
    }),
  );
}

/** Does an entry exclude (`withoutHeaders`) every request that meets a condition? */
export const excludes = (entry: JsonObject, { header, is }: Condition): boolean =>
  Object.entries(getObject(entry, 'withoutHeaders') ?? {}).some(([name, without]) => {
    const [exact, prefix] = [getString(without, 'exact'), getString(without, 'prefix')];
    const wanted = getString(is, 'exact');
    const covers =
      exact === undefined ? prefix !== undefined && wanted?.startsWith(prefix) : wanted === exact;
    return (
      name.toLowerCase() === header &&
      (isPresence(without ?? {}) || equalJson(without, is) || covers === true)
    );
  });

/**
 * Conditions that cannot be combined with what an entry asks of the same header: Istio takes one condition
 * per header.
 */
export const unclear = (entries: readonly JsonObject[], conditions: readonly Condition[]): Condition[] =>
  conditions.filter((condition) =>
    entries.some((entry) => together(askedOf(entry, condition)[1], condition.is) === 'unclear'),
  );

/** What an entry asks of a condition's header, and the spelling of that header in the entry. */
function askedOf(entry: JsonObject, { header }: Condition): [name: string, asked: Json | undefined] {
  const headers = Object.entries(getObject(entry, 'headers') ?? {});
  return headers.find(([name]) => name.toLowerCase() === header) ?? [header, undefined];
}

/** Both conditions on one header as one condition; never: no header meets both. */
function together(asked: Json | undefined, is: JsonObject): JsonObject | 'never' | 'unclear' {
  if (asked === undefined || isPresence(asked) || equalJson(asked, is)) return is;
  const wanted = getString(is, 'exact');
  const [exact, prefix] = [getString(asked, 'exact'), getString(asked, 'prefix')];
  // Expressions are RE2, which nothing here can evaluate.
  if (wanted === undefined || (exact === undefined && prefix === undefined)) return 'unclear';
  return exact === undefined && wanted.startsWith(prefix ?? '') ? is : 'never';
}

/** Istio reads "*", which is not a valid expression, as: the header is present. */
const isPresence = (asked: Json): boolean => equalJson(asked, {}) || equalJson(asked, { regex: '*' });

export const SET_COOKIE = 'Set-Cookie';

/**
 * A destination whose answers also set the cookie that keeps clients on the canary, if the policy wants that.
 */
export function sticking(destination: JsonObject, { wants: { sticky }, release }: Asked): JsonObject {
  if (sticky === undefined) return destination;
  // Envoy reads a single % as the beginning of a variable.
  const cookie = stickyCookie(sticky, release).replaceAll('%', '%%');
  const headers = getObject(destination, 'headers') ?? {};
  const response = getObject(headers, 'response') ?? {};
  const add = { ...getObject(response, 'add'), [SET_COOKIE]: cookie };
  return { ...destination, headers: { ...headers, response: { ...response, add } } };
}

/** A cookie of ours, of any release. */
const OURS = /^[^=;]+=[^;]+; Path=\/; Max-Age=\d+; HttpOnly$/;

/**
 * The destination without that cookie. If the stable destinations were removed, they are made from the
 * canary's, which have it.
 */
export function withoutSticking(destination: JsonObject): JsonObject {
  const headers = getObject(destination, 'headers') ?? {};
  const response = getObject(headers, 'response') ?? {};
  const add = getObject(response, 'add') ?? {};
  if (!OURS.test(getString(add, SET_COOKIE) ?? '')) return destination;
  return without(
    destination,
    'headers',
    without(headers, 'response', without(response, 'add', without(add, SET_COOKIE))),
  );
}

/** The parent with another value at `key`; without the key if the new value is empty or absent. */
function without(parent: JsonObject, key: string, value: JsonObject = {}): JsonObject {
  const rest = { ...parent };
  delete rest[key];
  return Object.keys(value).length === 0 ? rest : { ...rest, [key]: value };
}

/** The entry of `mirrors` that copies requests to the host of a weighted destination. */
export const mirrorTo = (destination: JsonObject, percent: number): JsonObject => ({
  destination: getObject(destination, 'destination') ?? {},
  percentage: { value: percent },
});
