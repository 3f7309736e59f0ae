import { equalJson, getNumber, getObject, getObjects, getString } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { cookiePattern } from '../shared/cookies.ts';
import { refersTo, without } from './filters.ts';
import type { Told } from '../shared/in-place.ts';
import type { TrafficContext } from '../provider.ts';
import type { OwnRule } from '../shared/rule-patch.ts';
import { onlyCanary, type LiveRule, type Pair } from '../shared/weighted-rules.ts';
import { FULL } from '../shared/weights.ts';

/** Limits of the kinds, v1. */
const MAX_MATCHES = 64;

/**
 * Headers as a match writes them, with everything that a server would fill in. A request that has any of them
 * goes to the canary.
 */
export function headersOf({ wants: { match } }: TrafficContext): JsonObject[] {
  return (match?.headers ?? []).map(({ name, value, regex }) => ({
    type: regex === true ? 'RegularExpression' : 'Exact',
    name,
    value,
  }));
}

/** The same for cookies: those of the policy, and the one that keeps a client on the canary. */
export function cookieHeadersOf({ wants: { match, sticky }, release }: TrafficContext): JsonObject[] {
  const own = sticky === undefined ? [] : [{ name: sticky.cookie, value: release }];
  return [...(match?.cookies ?? []), ...own].map(({ name, value }) => ({
    type: 'RegularExpression',
    name: 'Cookie',
    value: cookiePattern(name, value),
  }));
}

/**
 * A match that also asks for one more header. Undefined: no request can meet both, or the match asks for that
 * header already, and a match can ask for a header only once. The additional header makes it more specific,
 * so it wins against the match it was made from.
 */
function narrowed(match: JsonObject, entry: JsonObject): JsonObject | undefined {
  const asked = getObjects(match, 'headers');
  if (asked.some((header) => sameHeader(header, entry))) return undefined;
  return { ...match, headers: [...asked, entry] };
}

export const sameHeader = (a: JsonObject, b: JsonObject): boolean =>
  getString(a, 'name')?.toLowerCase() === getString(b, 'name')?.toLowerCase();

const isExact = (condition: JsonObject): boolean => (getString(condition, 'type') ?? 'Exact') === 'Exact';

/** Two conditions on one name that no request can meet together. */
export const contradicts = (a: JsonObject, b: JsonObject): boolean =>
  sameHeader(a, b) && isExact(a) && isExact(b) && a['value'] !== b['value'];

const namePrefix = ({ canary }: Pair) => `${canary}-match-`;

/**
 * The name of a rule that must not be copied. Policies point at rules by their names (`sectionName`), which
 * are unique within a route, so such a policy would not apply to a copy.
 */
export function guardedName(
  rule: JsonObject,
  { copyRules = [] }: TrafficContext['wants'],
): string | undefined {
  const name = getString(rule, 'name') ?? '';
  return name === '' || copyRules.includes(name) ? undefined : name;
}

/**
 * Copies of the user's rules for requests that match, as few as the limits of the kind allow: one of a rule's
 * matches is enough. They differ from the user's rules by name, or, where the server keeps no names, by
 * content.
 */
export function ownRules(
  rules: readonly { live: LiveRule; bare: JsonObject }[],
  { shape, pair, context }: Told,
  entries: readonly JsonObject[],
  everything: JsonObject,
): OwnRule[] {
  const copied = rules.filter(({ bare }) => guardedName(bare, context.wants) === undefined);
  const copies = copied.flatMap(({ live, bare }): JsonObject[] => {
    const asked = getObjects(bare, 'matches');
    const matches = (asked.length === 0 ? [everything] : asked).flatMap((match) =>
      entries.flatMap((entry): JsonObject[] => {
        const both = narrowed({ ...everything, ...match }, entry);
        return both === undefined ? [] : [both];
      }),
    );
    const backendRefs = onlyCanary(shape, live, pair);
    return chunks(matches, rewritesPrefix(bare) ? 1 : MAX_MATCHES).map((some) => ({
      ...without(bare, 'name'),
      matches: some,
      backendRefs,
    }));
  });
  return copies.map((rule, i) => ({ rule: { name: `${namePrefix(pair)}${i + 1}`, ...rule } }));
}

/** A prefix can be replaced only in a rule with a single match. */
const rewritesPrefix = (rule: JsonObject): boolean =>
  [rule, ...getObjects(rule, 'backendRefs')]
    .flatMap((each) => getObjects(each, 'filters'))
    .flatMap((filter) => [
      getObject(filter, 'urlRewrite', 'path'),
      getObject(filter, 'requestRedirect', 'path'),
    ])
    .some((path) => path?.['replacePrefixMatch'] !== undefined);

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/**
 * A rule of ours sends only to stable and canary and has our name. Or it sends everything to the canary, with
 * a sum of weights that no rule of a user's has while it is split, and asks for our headers.
 */
export function isOwnRule(rule: JsonObject, pair: Pair, entries: readonly JsonObject[]): boolean {
  const refs = getObjects(rule, 'backendRefs');
  const to = (service: string) => refs.filter((ref) => refersTo(ref, service, pair.namespace));
  const [stable, canary] = [to(pair.stable), to(pair.canary)];
  if (refs.length === 0 || stable.length + canary.length < refs.length) return false;
  const name = getString(rule, 'name') ?? '';
  if (name.startsWith(namePrefix(pair))) return true;
  const matches = getObjects(rule, 'matches');
  const sum = (list: JsonObject[]) => list.reduce((all, ref) => all + (getNumber(ref, 'weight') ?? 1), 0);
  return (
    sum(stable) === 0 &&
    sum(canary) > 0 &&
    sum(canary) < FULL &&
    matches.length > 0 &&
    matches.every((match) =>
      getObjects(match, 'headers').some((header) => entries.some((entry) => equalJson(header, entry))),
    )
  );
}
