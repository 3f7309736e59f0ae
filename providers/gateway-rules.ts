import { asNumber, equalJson, getNumber, getObjects, getString, stableStringify } from '../api/json.ts';
import type { JsonObject, JsonPatchOp, KubeObject } from '../api/kube.ts';
import { hash5 } from './naming.ts';
import { weightPatch } from './weight-patch.ts';
import { scaled, split } from './weights.ts';

/** What one rule held before the first edit: how to find it again, and the weights of its stable backendRefs in order. */
export interface RecordedRule {
  name?: string;
  /** hash of the rule without name and backendRefs */
  fingerprint: string;
  /** null: the ref had no weight */
  weights: (number | null)[];
}

/** The two Services a split is about, in the route's own namespace. */
export interface Pair {
  namespace: string;
  stable: string;
  canary: string;
}

export interface LiveRule {
  index: number;
  rule: JsonObject;
  refs: JsonObject[];
  stable: JsonObject[];
  canary: JsonObject[];
  foreign: JsonObject[];
  /** undefined before the first edit, or for a rule that came later */
  recorded: RecordedRule | undefined;
}

/** A backendRef's weight; the API's default is 1. */
const weightOf = (ref: JsonObject): number => getNumber(ref, 'weight') ?? 1;
const sum = (refs: readonly JsonObject[]): number => refs.reduce((total, ref) => total + weightOf(ref), 0);

export function refersTo(ref: JsonObject, service: string, namespace: string): boolean {
  return (
    getString(ref, 'name') === service &&
    (getString(ref, 'group') ?? '') === '' &&
    (getString(ref, 'kind') ?? 'Service') === 'Service' &&
    (getString(ref, 'namespace') ?? namespace) === namespace
  );
}

/** Every rule that names the stable or the canary Service, each with its record if one is found. */
export function rulesInScope(route: KubeObject, pair: Pair, recorded: readonly RecordedRule[]): LiveRule[] {
  const rules = getObjects(route, 'spec', 'rules').map((rule, index): LiveRule => {
    const refs = getObjects(rule, 'backendRefs');
    const stable = refs.filter((ref) => refersTo(ref, pair.stable, pair.namespace));
    const canary = refs.filter((ref) => refersTo(ref, pair.canary, pair.namespace));
    const foreign = refs.filter((ref) => !stable.includes(ref) && !canary.includes(ref));
    return { index, rule, refs, stable, canary, foreign, recorded: undefined };
  });
  return withRecords(
    rules.filter(({ stable, canary }) => stable.length + canary.length > 0),
    recorded,
  );
}

/**
 * Finds each rule's record: by name, then by fingerprint, and last, for a rule we have edited and whose matches were
 * changed since, by order. Indexes are not trusted: rules may be inserted, moved and removed during a release.
 */
function withRecords(rules: LiveRule[], recorded: readonly RecordedRule[]): LiveRule[] {
  const left = [...recorded];
  const found = new Map<LiveRule, RecordedRule>();
  const take = (fits: (rule: LiveRule, record: RecordedRule) => boolean) => {
    for (const rule of rules) {
      const at = found.has(rule) ? -1 : left.findIndex((record) => fits(rule, record));
      if (at >= 0) found.set(rule, ...(left.splice(at, 1) as [RecordedRule]));
    }
  };
  take(({ rule }, { name }) => name !== undefined && getString(rule, 'name') === name);
  take(({ rule }, { fingerprint }) => fingerprintOf(rule) === fingerprint);
  take(({ canary }) => canary.length > 0);
  return rules.map((rule) => ({ ...rule, recorded: found.get(rule) }));
}

function fingerprintOf(rule: JsonObject): string {
  const rest = { ...rule };
  delete rest['name'];
  delete rest['backendRefs'];
  return hash5(stableStringify(rest));
}

export function recordRule({ rule, stable }: LiveRule): RecordedRule {
  const name = getString(rule, 'name');
  return {
    ...(name === undefined ? {} : { name }),
    fingerprint: fingerprintOf(rule),
    weights: stable.map((ref) => getNumber(ref, 'weight') ?? null),
  };
}

/** Percent of this rule's requests that go to the canary; undefined if the rule sends nothing anywhere. */
export function percentOf({ refs, canary }: LiveRule): number | undefined {
  const total = sum(refs);
  // Rounded: totals are at least 100 while split, so whole percents are told apart.
  return total === 0 ? undefined : Math.round((100 * sum(canary)) / total);
}

/** The rule's backendRefs with `percent` on the canary. A rule without a canary ref is at 0 and stays as it is. */
export function splitRefs(live: LiveRule, pair: Pair, percent: number): JsonObject[] {
  if (percent === 0 && live.canary.length === 0) return live.refs;
  const parts = split(scaled(originalWeights(live).map((weight) => weight ?? 1)), percent);
  return rebuild(live, pair, (ref, k) => {
    const { stable, canary } = parts[k] ?? { stable: weightOf(ref), canary: 0 };
    return [
      { ...ref, weight: stable },
      { ...ref, name: pair.canary, weight: canary },
    ];
  });
}

/** The rule's backendRefs as they were before the first edit; what others changed meanwhile stays. */
export function restoredRefs(live: LiveRule, pair: Pair): JsonObject[] {
  if (live.canary.length === 0) return live.refs;
  const weights = originalWeights(live);
  return rebuild(live, pair, (ref, k) => {
    const weight = weights[k] ?? null;
    if (weight !== null) return [{ ...ref, weight }];
    const bare = { ...ref };
    delete bare['weight'];
    return [bare];
  });
}

/** Recorded weights by stable ref; for one without a record, what it and its canary ref hold together. */
function originalWeights(live: LiveRule): (number | null)[] {
  return stableRefs(live).map((ref, k) => {
    const recorded = live.recorded?.weights[k];
    if (recorded !== undefined) return recorded;
    const own = live.stable[k] === undefined ? 0 : weightOf(ref);
    const canary = live.canary[k];
    return canary === undefined ? (asNumber(ref['weight']) ?? null) : own + weightOf(canary);
  });
}

/** If somebody removed the stable refs and left ours, ours stand for them: a canary is never the only destination. */
const stableRefs = ({ stable, canary }: LiveRule): JsonObject[] => (stable.length > 0 ? stable : canary);

function rebuild(
  live: LiveRule,
  pair: Pair,
  replace: (ref: JsonObject, k: number) => JsonObject[],
): JsonObject[] {
  const anchors = stableRefs(live);
  return live.refs.flatMap((ref) => {
    const k = anchors.indexOf(ref);
    if (k >= 0) return replace({ ...ref, name: pair.stable }, k);
    return live.canary.includes(ref) ? [] : [ref];
  });
}

/** Operations that turn a rule's backendRefs into `wanted`, guarded by the whole rule as it was read at its place. */
export function patchRule({ index, rule, refs }: LiveRule, wanted: JsonObject[]): JsonPatchOp[] {
  if (equalJson(refs, wanted)) return [];
  const path = `/spec/rules/${index}`;
  return [{ op: 'test', path, value: rule }, ...weightPatch(`${path}/backendRefs`, refs, wanted)];
}
