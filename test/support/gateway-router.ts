import { equalJson, getNumber, getObject, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Headers, Place } from '../../providers/conformance/suite.ts';

/**
 * Which rule of a Gateway API route answers a request, by the precedence of the specification, and what the
 * rule does with it. For HTTPRoutes and GRPCRoutes.
 */

/** Raw JSON has texts where this code needs them. */
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

interface Request {
  path: JsonObject;
  method: unknown;
  headers: Headers;
  params: Readonly<Record<string, string>>;
}

/** A request that this match means, with `headers` in addition. */
function requestFor(match: JsonObject, headers: Headers): Request {
  const valuesOf = (what: string) =>
    Object.fromEntries(
      getObjects(match, what).map(({ name, value }) => [text(name).toLowerCase(), text(value)]),
    );
  return {
    path: pathOf(match),
    method: match['method'],
    headers: { ...valuesOf('headers'), ...headers },
    params: valuesOf('queryParams'),
  };
}

const pathOf = (match: JsonObject): JsonObject => ({
  type: getString(match, 'path', 'type') ?? 'PathPrefix',
  value: getString(match, 'path', 'value') ?? '/',
});

function means(match: JsonObject, request: Request): boolean {
  const asked = (what: string, given: Readonly<Record<string, string>>) =>
    getObjects(match, what).every((each) => fits(each, given[text(each['name']).toLowerCase()]));
  return (
    covers(pathOf(match), request.path) &&
    (match['method'] === undefined || equalJson(match['method'], request.method)) &&
    asked('headers', request.headers) &&
    asked('queryParams', request.params)
  );
}

/** Requests are made from matches: their path is the path of a match. */
function covers(path: JsonObject, asked: JsonObject): boolean {
  const [prefix, value] = [text(path['value']), text(asked['value'])];
  if (path['type'] !== 'PathPrefix' || asked['type'] === 'RegularExpression') return equalJson(path, asked);
  return value === prefix || value.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

function fits({ type, value }: JsonObject, given: string | undefined): boolean {
  if (given === undefined || given === value) return given !== undefined;
  if (type !== 'RegularExpression') return false;
  try {
    return new RegExp(`^(?:${text(value)})$`).test(given);
  } catch {
    return false;
  }
}

const PATHS = ['RegularExpression', 'PathPrefix', 'Exact'];

const rankOf = (match: JsonObject): number[] => [
  PATHS.indexOf(text(pathOf(match)['type'])),
  text(pathOf(match)['value']).length,
  match['method'] === undefined ? 0 : 1,
  getObjects(match, 'headers').length,
  getObjects(match, 'queryParams').length,
];

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((each, i) => each !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

const matchesOf = (rule: JsonObject): JsonObject[] => {
  const matches = getObjects(rule, 'matches');
  return matches.length === 0 ? [{}] : matches;
};

function answering(rules: readonly JsonObject[], request: Request): JsonObject | undefined {
  let best: { rule: JsonObject; rank: number[] } | undefined;
  for (const rule of rules) {
    for (const match of matchesOf(rule).filter((each) => means(each, request))) {
      const rank = rankOf(match);
      if (best === undefined || compare(rank, best.rank) > 0) best = { rule, rank };
    }
  }
  return best?.rule;
}

/**
 * Every match of every rule of the user's for the two Services, and what happens to a request that it means.
 */
export function placesOf(
  route: KubeObject,
  { stable, canary }: { stable: string; canary: string },
  isExtra: (rule: JsonObject) => boolean,
  headers: Headers = {},
): Place[] {
  const rules = getObjects(route, 'spec', 'rules');
  const concerns = (rule: JsonObject | undefined) =>
    getObjects(rule, 'backendRefs').some(({ name }) => name === stable || name === canary);
  return rules
    .filter((rule) => !isExtra(rule))
    .flatMap((rule, i) => {
      if (!concerns(rule)) return [];
      return matchesOf(rule).map((match, k): Place => {
        const usual = answering(
          rules.filter((each) => !isExtra(each)),
          requestFor(match, {}),
        );
        // A rule that a rule of another Service hides gets no such request.
        const found = concerns(usual) ? answering(rules, requestFor(match, headers)) : rule;
        return { id: `${route.metadata.name}#${i}/${k}`, ...sharesOf(found ?? rule, stable, canary) };
      });
    });
}

function sharesOf(rule: JsonObject, stable: string, canary: string): Omit<Place, 'id'> {
  const refs = getObjects(rule, 'backendRefs');
  const share = (wanted: (name: string) => boolean) =>
    refs
      .filter((ref) => wanted(getString(ref, 'name') ?? ''))
      .reduce((sum, ref) => sum + (getNumber(ref, 'weight') ?? 1), 0);
  const setCookie = refs
    .filter(({ name, weight }) => name === canary && weight !== 0)
    .flatMap((ref) => getObjects(ref, 'filters'))
    .flatMap((filter) => getObjects(filter, 'responseHeaderModifier', 'add'))
    .find(({ name }) => name === 'Set-Cookie');
  return {
    stable: share((name) => name === stable),
    canary: share((name) => name === canary),
    other: share((name) => name !== stable && name !== canary),
    lists: refs.some(({ name }) => name === stable),
    mirror: copiesOf(rule, canary),
    ...(setCookie === undefined ? {} : { setCookie: text(setCookie['value']) }),
  };
}

const copiesOf = (rule: JsonObject, canary: string): number =>
  getObjects(rule, 'filters')
    .filter((filter) => getString(filter, 'requestMirror', 'backendRef', 'name') === canary)
    .map((filter) => getNumber(getObject(filter, 'requestMirror'), 'percent') ?? 100)
    .reduce((sum, percent) => sum + percent, 0);
