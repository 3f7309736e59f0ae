import { Budget } from '../../api/budget.ts';
import { arrayOrEmpty, asString, getObject, getObjects, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { LABEL } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import type { Refusal } from '../../providers/provider.ts';
import { shortHash } from '../../providers/shared/naming.ts';
import { smallestHittingSets } from './hitting-sets.ts';
import { podSelectors, type Rewrite } from './rewrite.ts';

export interface ChooseInput {
  /** the new pod template */
  template: JsonObject;
  /** the target's spec.selector */
  selector: JsonObject;
  /** every Service whose selector matches the target's pods */
  services: readonly KubeObject[];
  /** how many objects have to follow the canary with this rewrite; absent: none */
  burden?: (rewrite: Rewrite) => number;
  /** the budget of the pass; absent: unlimited */
  budget?: Budget;
}

export type Choice = { ok: true; rewrite: Rewrite } | { ok: false; refusal: Refusal };

/** Labels that switch something on in the pod: another value would change what is tested. */
export const FUNCTIONAL =
  /^(sidecar\.istio\.io|istio\.io|linkerd\.io|azure\.workload\.identity|admission\.[^/]+|.*\.amazonaws\.com)\//;

/** If there are more keys, only this many, the first in the alphabet, are weighed. */
const WEIGHED = 8;
/** Steps of the search for a set of keys; four Services with ten labels each, none in common, take about half. */
const SEARCH = 20_000;

/**
 * Chooses the labels whose values will tell canary pods from stable ones, so that no Service in front of the target
 * selects a canary pod. First choice: `sluice.dev/track`, if the template and every Service carry it. Second: one key
 * that stands in matchLabels and in every Service's selector. Third: the smallest set of keys. Of several the one with
 * the least burden, then the first in the alphabet.
 */
export function chooseRewrite(input: ChooseInput): Choice {
  const { budget = new Budget() } = input;
  const labels = getStringMap(input.template, 'metadata', 'labels');
  const keysOf = (selector: Record<string, string>) => {
    const keys = Object.keys(selector);
    budget.spend(keys.length);
    return keys.filter((key) => labels[key] === selector[key] && !FUNCTIONAL.test(key));
  };
  const fronts = input.services.map((service) => keysOf(getStringMap(service, 'spec', 'selector')));
  const own = keysOf(requiredLabels(input.selector));

  const blind = fronts.findIndex((keys) => keys.length === 0);
  if (blind >= 0) return refused(unmarked(input.services[blind]));
  const values = newValues(input.template);
  const rewriteOf = (keys: string[]): Rewrite => {
    const change = (key: string) => {
      const from = labels[key] ?? '';
      return { from, to: values(key, from) };
    };
    return Object.fromEntries(keys.map((key) => [key, change(key)]));
  };
  const keys = possibleKeys(fronts, own, { tracked: labels[LABEL.track] !== undefined, budget });
  if (keys === undefined) return refused(TOO_MANY);
  const rewrite = leastBurden(keys, rewriteOf, input);
  return rewrite === undefined ? refused(unmarked(undefined)) : { ok: true, rewrite };
}

/** The first one for which the fewest objects have to follow. */
export function leastBurden<T>(
  choices: readonly T[],
  rewriteOf: (choice: T) => Rewrite,
  { burden }: ChooseInput,
): Rewrite | undefined {
  const rewrites = choices.slice(0, burden === undefined ? 1 : WEIGHED).map(rewriteOf);
  if (burden === undefined || rewrites.length < 2) return rewrites[0];
  const weighed = rewrites.map((rewrite) => ({ rewrite, weight: burden(rewrite) }));
  const least = Math.min(...weighed.map(({ weight }) => weight));
  return weighed.find(({ weight }) => weight === least)?.rewrite;
}

/** Sets of keys, each of which is sufficient, in the order of the alphabet; undefined: too many to search. */
function possibleKeys(
  fronts: string[][],
  own: string[],
  { tracked, budget }: { tracked: boolean; budget: Budget },
): string[][] | undefined {
  const times = new Map<string, number>();
  for (const key of fronts.flat()) times.set(key, (times.get(key) ?? 0) + 1);
  const inAll = (key: string) => (times.get(key) ?? 0) === fronts.length;
  if (tracked && fronts.length > 0 && inAll(LABEL.track)) return [[LABEL.track]];
  const shared = own.filter(inAll).sort();
  if (shared.length > 0) return shared.map((key) => [key]);
  return own.length === 0 ? [] : smallestHittingSets([own, ...fronts], budget.part(SEARCH));
}

/** Label values that a LabelSelector demands: matchLabels, and `In` with a single value. */
export function requiredLabels(selector: JsonObject): Record<string, string> {
  const single = getObjects(selector, 'matchExpressions').flatMap((expression): [string, string][] => {
    const values = arrayOrEmpty(expression, 'values').map(asString);
    const [key, value] = [getString(expression, 'key'), values[0]];
    const usable = getString(expression, 'operator') === 'In' && values.length === 1;
    return usable && key !== undefined && value !== undefined ? [[key, value]] : [];
  });
  return { ...Object.fromEntries(single), ...getStringMap(selector, 'matchLabels') };
}

/**
 * Gives each key a value that differs from `from`, is a valid label value and does not occur in the template's
 * selectors, so that the rewrite can be undone.
 */
export function newValues(template: JsonObject): (key: string, from: string) => string {
  const selectors = podSelectors(template);
  return (key, from) => {
    const taken = new Set([from, ...selectors.flatMap((selector) => valuesOf(selector, key))]);
    for (const value of candidates(key, from)) if (!taken.has(value)) return value;
    throw new Error('there are always more candidates');
  };
}

function* candidates(key: string, from: string): Generator<string> {
  const plain = key === LABEL.track || from === '' ? 'canary' : `${from}-canary`;
  if (plain.length <= 63) yield plain;
  yield `${from.slice(0, 63 - 18)}-${shortHash(from)}-canary`.replace(/^-/, '');
  for (let n = 2; ; n++) yield `${shortHash(`${from}/${n}`)}-canary`;
}

function valuesOf(selector: JsonObject, key: string): (string | undefined)[] {
  const expressions = getObjects(selector, 'matchExpressions').filter(
    (item) => getString(item, 'key') === key,
  );
  return [
    asString(getObject(selector, 'matchLabels')?.[key]),
    ...expressions.flatMap((item) => arrayOrEmpty(item, 'values').map(asString)),
  ];
}

const TOO_MANY =
  'the Services of the Deployment select its pods by too many different labels to find the ones that tell canary pods from stable pods';

function unmarked(service: KubeObject | undefined): string {
  const who =
    service === undefined
      ? 'spec.selector of the Deployment requires no label value that could be changed'
      : `spec.selector of Service ${service.metadata.name} has no label that could be changed`;
  return `${who}, so canary pods could not be told from stable pods`;
}

function refused(why: string): Choice {
  return {
    ok: false,
    refusal: {
      reason: why === TOO_MANY ? REASON.TooMuchWork : REASON.NoTrackLabel,
      sentence: `${why}; add the label ${LABEL.track}: stable to the pod template, release that, and then add it to the selector of every Service in front.`,
    },
  };
}
