import { equalJson, getObject, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { kindOf, label } from './kinds.ts';
import { contradicts } from './matches.ts';
import { ownRules, scopeOf } from '../shared/in-place.ts';
import type { TrafficContext } from '../provider.ts';
import { rulesOf } from '../shared/weighted-rules.ts';

/*
 * Of several matches the most specific one wins, whatever the order of rules: by path, then method, then the
 * number of headers, then the number of query parameters, and only then the first. So a match with one more
 * header may win against a rule of another Service that won before.
 */

interface Candidate {
  index: number;
  match: JsonObject;
}

/** Sentences about rules of other Services that would lose requests to our copies of the rules in scope. */
export function overtaken(context: TrafficContext, route: KubeObject): string[] {
  const kind = kindOf(route);
  const scope = scopeOf(kind, { ...context, routes: [route] }).map(({ rule }) => rule);
  const ours = new Set([...scope, ...ownRules(kind, context, route)].map(({ index }) => index));
  const others = rulesOf(kind.shape, route).filter(({ index }) => !ours.has(index));
  const entries = kind.beside?.entries(context) ?? [];
  return others.flatMap((other) => {
    const loses = scope.find((rule) =>
      matchesOf(rule.rule).some((match) =>
        matchesOf(other.rule).some((theirs) =>
          entries.some((entry) =>
            isOvertaken({ index: other.index, match: theirs }, { index: rule.index, match }, entry),
          ),
        ),
      ),
    );
    if (loses === undefined) return [];
    return [
      `${label(route, other)} would lose requests that match to ${label(route, loses)}, which has the same path and would require more headers; let the former require a header too, or give it a path of its own.`,
    ];
  });
}

const matchesOf = (rule: JsonObject): JsonObject[] => {
  const matches = getObjects(rule, 'matches');
  return matches.length === 0 ? [{}] : matches;
};

/** Does `theirs` win against `ours` now and no longer once `ours` asks for one more header? */
function isOvertaken(theirs: Candidate, ours: Candidate, entry: JsonObject): boolean {
  if (!samePlace(theirs.match, ours.match) || !overlap(theirs.match, ours.match, entry)) return false;
  const headers = count(theirs.match, 'headers') - count(ours.match, 'headers');
  const params = count(theirs.match, 'queryParams') - count(ours.match, 'queryParams');
  const winsNow =
    headers > 0 || (headers === 0 && (params > 0 || (params === 0 && theirs.index < ours.index)));
  // Our copies come after all other rules.
  const winsStill = headers > 1 || (headers === 1 && params >= 0);
  return winsNow && !winsStill;
}

const count = (match: JsonObject, what: string): number => getObjects(match, what).length;

/** What is compared before headers are counted: path and method, or service and method of gRPC. */
const samePlace = (a: JsonObject, b: JsonObject): boolean =>
  equalJson(pathOf(a), pathOf(b)) && equalJson(a['method'], b['method']);

function pathOf(match: JsonObject): [string, string] {
  const path = getObject(match, 'path');
  return [getString(path, 'type') ?? 'PathPrefix', getString(path, 'value') ?? '/'];
}

/** Can one request match both, and also carry what makes it match? */
function overlap(theirs: JsonObject, ours: JsonObject, entry: JsonObject): boolean {
  const apart = (what: string, mine: readonly JsonObject[]) =>
    getObjects(theirs, what).some((each) => mine.some((other) => contradicts(each, other)));
  return (
    !apart('headers', [...getObjects(ours, 'headers'), entry]) &&
    !apart('queryParams', getObjects(ours, 'queryParams'))
  );
}
