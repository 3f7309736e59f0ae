import { arrayOrEmpty, asString, getObject, getObjects, getString, getStringMap } from '../../api/json.ts';
import type { JsonObject, KubeObject } from '../../api/kube.ts';
import { LABEL } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import type { Refusal } from '../../providers/provider.ts';
import { hash5 } from '../../providers/naming.ts';
import { podSelectors, type Rewrite } from './rewrite.ts';

export interface ChooseInput {
  /** the new pod template */
  template: JsonObject;
  /** the target's spec.selector */
  selector: JsonObject;
  /** every Service whose selector matches the target's pods */
  services: readonly KubeObject[];
  /** how much has to follow the canary with this rewrite; absent: nothing does */
  burden?: (rewrite: Rewrite) => number;
}

export type Choice = { ok: true; rewrite: Rewrite } | { ok: false; refusal: Refusal };

/** Labels that switch something on in the pod: another value would change what is tested. */
export const FUNCTIONAL =
  /^(sidecar\.istio\.io|istio\.io|linkerd\.io|azure\.workload\.identity|admission\.[^/]+|.*\.amazonaws\.com)\//;

/**
 * Chooses the labels whose values will tell canary pods from stable ones, so that no Service in front of the target
 * selects a canary pod: `sluice.dev/track` if the template and every Service carry it; else one key that stands in
 * matchLabels and in every Service's selector; else the smallest set of keys. Of several the one with the least burden,
 * then the first in the alphabet.
 */
export function chooseRewrite(input: ChooseInput): Choice {
  const labels = getStringMap(input.template, 'metadata', 'labels');
  const keysOf = (selector: Record<string, string>) =>
    Object.keys(selector).filter((key) => labels[key] === selector[key] && !FUNCTIONAL.test(key));
  const fronts = input.services.map((service) => keysOf(getStringMap(service, 'spec', 'selector')));
  const own = keysOf(requiredLabels(input.selector));

  const blind = fronts.findIndex((keys) => keys.length === 0);
  if (blind >= 0) return refused(input.services[blind]);
  const rewriteOf = (keys: string[]): Rewrite => {
    const change = (key: string) => {
      const from = labels[key] ?? '';
      return { from, to: newValue(key, from, input.template) };
    };
    return Object.fromEntries(keys.map((key) => [key, change(key)]));
  };
  const choices = possibleKeys(fronts, own, labels[LABEL.track] !== undefined).map(rewriteOf);
  const rewrite = leastBurden(choices, input);
  return rewrite === undefined ? refused(undefined) : { ok: true, rewrite };
}

/** The first of those with the least to follow. */
export function leastBurden(choices: readonly Rewrite[], { burden }: ChooseInput): Rewrite | undefined {
  if (burden === undefined || choices.length < 2) return choices[0];
  const weighed = choices.map((rewrite) => ({ rewrite, weight: burden(rewrite) }));
  const least = Math.min(...weighed.map(({ weight }) => weight));
  return weighed.find(({ weight }) => weight === least)?.rewrite;
}

/** Sets of keys of which any would do, in the order of the alphabet. */
function possibleKeys(fronts: string[][], own: string[], tracked: boolean): string[][] {
  if (tracked && fronts.length > 0 && fronts.every((keys) => keys.includes(LABEL.track)))
    return [[LABEL.track]];
  const shared = own.filter((key) => fronts.every((keys) => keys.includes(key))).sort();
  if (shared.length > 0) return shared.map((key) => [key]);
  return own.length === 0 ? [] : smallestHittingSets([own, ...fronts]);
}

/** The smallest sets with a member in each of `sets`. */
function smallestHittingSets(sets: string[][]): string[][] {
  for (let size = 1; size <= sets.length; size++) {
    const found = hittingSets(sets, size).sort((a, b) => (a.join() < b.join() ? -1 : 1));
    if (found.length > 0) return found;
  }
  return [];
}

function hittingSets(sets: string[][], size: number): string[][] {
  const open = sets[0];
  if (open === undefined) return [[]];
  if (size === 0) return [];
  return open.flatMap((key) =>
    hittingSets(
      sets.filter((set) => !set.includes(key)),
      size - 1,
    ).map((rest) => [key, ...rest].sort()),
  );
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

/** Differs from `from`, fits a label value, and stands nowhere in the template's selectors, so the rewrite can be undone. */
export function newValue(key: string, from: string, template: JsonObject): string {
  const plain = key === LABEL.track || from === '' ? 'canary' : `${from}-canary`;
  const hashed = `${from.slice(0, 63 - 13)}-${hash5(from)}-canary`.replace(/^-/, '');
  const taken = new Set([from, ...podSelectors(template).flatMap((selector) => valuesOf(selector, key))]);
  const candidates = [...(plain.length <= 63 ? [plain] : []), hashed];
  for (let n = 2; ; n++) {
    const free = candidates.find((value) => !taken.has(value));
    if (free !== undefined) return free;
    candidates.push(`${hash5(`${from}/${n}`)}-canary`);
  }
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

function refused(service: KubeObject | undefined): Choice {
  const who =
    service === undefined
      ? 'spec.selector of the Deployment demands no label value that could be changed'
      : `spec.selector of Service ${service.metadata.name} holds no label that could be changed`;
  return {
    ok: false,
    refusal: {
      reason: REASON.NoTrackLabel,
      sentence: `${who}, so canary pods could not be told from stable pods; add the label ${LABEL.track}: stable to the pod template, release that, and then add it to the selector of every Service in front.`,
    },
  };
}
