import { asObject, getNumber, getObjects, getString, stableStringify } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { shortHash } from './naming.ts';
import { apportion, FULL, percentIn, scaled, split } from './weights.ts';

/** How a kind of route says where requests go: rules, each with weighted destinations. */
export interface Shape {
  /** the lists of `spec` that hold rules */
  lists: readonly string[];
  /** the field of a rule that holds its destinations */
  destinations: string;
  /** the weight of a destination that has none in the object */
  unset: 0 | 1;
  /** which destinations get requests if all weights are 0: none, a single destination, or all equally */
  allZero: 'nobody' | 'only' | 'even';
  refersTo: (destination: JsonObject, service: string, namespace: string) => boolean;
  asCanary: (stable: JsonObject, pair: Pair) => JsonObject;
  asStable: (canary: JsonObject, pair: Pair) => JsonObject;
  /** a rule without what is ours besides its destinations; absent: we write nothing there */
  undressed?: (rule: JsonObject, pair: Pair) => JsonObject;
}

/** The two Services a split is about, in the route's own namespace. */
export interface Pair {
  namespace: string;
  stable: string;
  canary: string;
}

/**
 * What one rule contained before the first edit: how to find it again, and the weights of its stable
 * destinations in order.
 */
export interface RecordedRule {
  list: string;
  name?: string;
  /** hash of the rule without name, destinations and empty lists */
  fingerprint: string;
  /** null: the destination had no weight */
  weights: (number | null)[];
  /** the sum of the weights while the rule is split, if they added up to less; absent: 100 */
  total?: number;
  /** members that were empty lists, to which others may have added something and removed it again */
  empty?: string[];
}

/** A rule and its place. */
export interface FoundRule {
  list: string;
  index: number;
  rule: JsonObject;
  destinations: JsonObject[];
}

export interface LiveRule extends FoundRule {
  stable: JsonObject[];
  canary: JsonObject[];
  foreign: JsonObject[];
  /** some part of it names the canary Service */
  edited: boolean;
  /** undefined before the first edit, or for a rule that was added later */
  recorded: RecordedRule | undefined;
}

/** How many rules of the user's and of ours there are, in the order of the route. */
export const rulesOf = (shape: Shape, route: KubeObject): FoundRule[] =>
  shape.lists.flatMap((list) =>
    getObjects(route, 'spec', list).map((rule, index) => ({
      list,
      index,
      rule,
      destinations: getObjects(rule, shape.destinations),
    })),
  );

/** Does any rule of this route send anything to that Service? */
export function sendsTo(shape: Shape, route: KubeObject, service: string): boolean {
  const namespace = route.metadata.namespace ?? '';
  return rulesOf(shape, route).some(({ destinations }) =>
    destinations.some((each) => shape.refersTo(each, service, namespace)),
  );
}

export interface Known {
  pair: Pair;
  recorded: readonly RecordedRule[];
  /** is that a rule of ours? */
  isOwn: (rule: JsonObject) => boolean;
}

/**
 * Every rule of the user's that names the stable or the canary Service, each with its record if one is found.
 */
export function rulesInScope(shape: Shape, route: KubeObject, { pair, recorded, isOwn }: Known): LiveRule[] {
  const users = rulesOf(shape, route).filter(({ rule }) => !isOwn(rule));
  const rules = users.map((found): LiveRule => {
    const to = (service: string) =>
      found.destinations.filter((each) => shape.refersTo(each, service, pair.namespace));
    const stable = to(pair.stable);
    const canary = to(pair.canary);
    const foreign = found.destinations.filter((each) => !stable.includes(each) && !canary.includes(each));
    const edited = canary.length > 0 || undressed(shape, found.rule, pair) !== found.rule;
    return { ...found, stable, canary, foreign, edited, recorded: undefined };
  });
  const inScope = rules.filter(({ stable, canary }) => stable.length + canary.length > 0);
  return withRecords(shape, pair, inScope, recorded);
}

/** The same object if it has nothing of ours. */
const undressed = (shape: Shape, rule: JsonObject, pair: Pair): JsonObject =>
  shape.undressed?.(rule, pair) ?? rule;

/**
 * Finds each rule's record among those of its list: first an unchanged rule, then by name, then by its other
 * content, and last, for a rule that we edited and whose matches changed afterwards, by order. Indexes are
 * not trusted: rules may be inserted, moved and removed during a release. Names need not be unique.
 */
function withRecords(
  shape: Shape,
  pair: Pair,
  rules: LiveRule[],
  recorded: readonly RecordedRule[],
): LiveRule[] {
  const left = [...recorded];
  const found = new Map<LiveRule, RecordedRule>();
  const take = (fits: (rule: LiveRule, record: RecordedRule) => boolean) => {
    for (const rule of rules) {
      if (found.has(rule)) continue;
      const at = left.findIndex((record) => record.list === rule.list && fits(rule, record));
      if (at >= 0) found.set(rule, ...(left.splice(at, 1) as [RecordedRule]));
    }
  };
  const sameName = ({ rule }: LiveRule, { name }: RecordedRule) => getString(rule, 'name') === name;
  const fingerprints = new Map(
    recorded.length === 0 ? [] : rules.map((live) => [live, fingerprintOf(shape, live.rule, pair)]),
  );
  const sameRest = (live: LiveRule, record: RecordedRule) => fingerprints.get(live) === record.fingerprint;
  take((rule, record) => sameName(rule, record) && sameRest(rule, record));
  take((rule, record) => record.name !== undefined && sameName(rule, record));
  take(sameRest);
  take(({ edited }) => edited);
  return rules.map((rule) => ({ ...rule, recorded: found.get(rule) }));
}

function fingerprintOf(shape: Shape, rule: JsonObject, pair: Pair): string {
  const rest = Object.entries(undressed(shape, rule, pair)).filter(
    ([key, value]) => key !== 'name' && key !== shape.destinations && !isEmptyList(value),
  );
  return shortHash(stableStringify(Object.fromEntries(rest)));
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

export function recordRule(
  shape: Shape,
  { list, rule, stable }: LiveRule,
  pair: Pair,
  total: number,
): RecordedRule {
  const name = getString(rule, 'name');
  const empty = Object.keys(rule).filter((key) => isEmptyList(rule[key]));
  return {
    list,
    ...(name === undefined ? {} : { name }),
    fingerprint: fingerprintOf(shape, rule, pair),
    weights: stable.map((each) => getNumber(each, 'weight') ?? null),
    ...(total === FULL ? {} : { total }),
    ...(empty.length === 0 ? {} : { empty }),
  };
}

/**
 * A record as it is on the Release. A record that does not fit is ignored: the weights of its rule are then
 * the sums of stable and canary, which still takes the traffic away.
 */
export function readRecordedRule(rule: JsonObject): RecordedRule | undefined {
  return isRecordedRule(rule) ? rule : undefined;
}

function isRecordedRule(rule: unknown): rule is RecordedRule {
  const { list, name, fingerprint, weights, total, empty } = asObject(rule) ?? {};
  const isWeight = (each: unknown): boolean =>
    each === null || (typeof each === 'number' && Number.isFinite(each) && each >= 0);
  return (
    typeof list === 'string' &&
    typeof fingerprint === 'string' &&
    (name === undefined || typeof name === 'string') &&
    Array.isArray(weights) &&
    weights.every(isWeight) &&
    (total === undefined || (typeof total === 'number' && total > 0 && Number.isFinite(total))) &&
    (empty === undefined || (Array.isArray(empty) && empty.every((each) => typeof each === 'string')))
  );
}

/** The user's rule without what is ours besides its destinations. */
export function bareRule(shape: Shape, { rule, recorded }: LiveRule, pair: Pair): JsonObject {
  const bare = { ...undressed(shape, rule, pair) };
  for (const key of recorded?.empty ?? []) if (key in rule) bare[key] ??= [];
  return bare;
}

const weightOf = (shape: Shape, destination: JsonObject): number =>
  getNumber(destination, 'weight') ?? shape.unset;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Shares of all destinations of a rule, by their weights. */
function sharesOf(shape: Shape, weights: readonly (number | null)[]): number[] {
  const shares = weights.map((weight) => weight ?? shape.unset);
  if (shape.allZero === 'nobody' || sum(shares) > 0) return shares;
  if (shape.allZero === 'even') return shares.map(() => 1);
  return shares.length === 1 ? [FULL] : shares;
}

/** Percent of this rule's requests that go to the canary; undefined if the rule sends no requests. */
export function percentOf(shape: Shape, { destinations, canary }: LiveRule): number | undefined {
  const shares = sharesOf(
    shape,
    destinations.map((each) => weightOf(shape, each)),
  );
  const total = sum(shares);
  if (total === 0) return undefined;
  const toCanary = sum(shares.filter((_, i) => canary.includes(destinations[i] ?? {})));
  return percentIn(toCanary, total);
}

/**
 * The rule's destinations with `percent` on the canary. Their sum is at least `total` unless the record has
 * another. A rule without a canary is at 0 and is not changed.
 */
export function splitDestinations(
  shape: Shape,
  live: LiveRule,
  pair: Pair,
  { percent, total }: { percent: number; total: number },
): JsonObject[] {
  if (percent === 0 && live.canary.length === 0) return live.destinations;
  const weights = sharesOf(shape, originalWeights(shape, live));
  const parts = split(
    scaled(weights, live.recorded === undefined ? total : (live.recorded.total ?? FULL)),
    percent,
  );
  return rebuild(shape, live, pair, (destination, k) => {
    const { stable, canary } = parts[k] ?? { stable: weightOf(shape, destination), canary: 0 };
    return [
      { ...destination, weight: stable },
      { ...shape.asCanary(destination, pair), weight: canary },
    ];
  });
}

/**
 * Destinations of a rule of our own that sends everything to the canary, with sums that no split rule of the
 * user's has.
 */
export function onlyCanary(shape: Shape, live: LiveRule, pair: Pair): JsonObject[] {
  const weights = sharesOf(shape, originalWeights(shape, live));
  const parts = apportion(weights.length === 1 ? 1 : FULL - 1, weights);
  return anchorsOf(live).flatMap((anchor, k) => {
    const stable = live.stable.includes(anchor) ? anchor : shape.asStable(anchor, pair);
    return [
      { ...stable, weight: 0 },
      { ...shape.asCanary(stable, pair), weight: parts[k] ?? 0 },
    ];
  });
}

/**
 * A rule of our own as one of the user's without anything of ours: everything that it sent to the canary goes
 * to stable.
 */
export function turnedToStable(shape: Shape, { rule, destinations }: FoundRule, pair: Pair): JsonObject {
  const to = (service: string) =>
    destinations.filter((each) => shape.refersTo(each, service, pair.namespace));
  const [stable, canary] = [to(pair.stable), to(pair.canary)];
  const kept = stable.length > 0 ? stable : canary.map((each) => shape.asStable(each, pair));
  const weights = kept.map((_, k) => weightOf(shape, canary[k] ?? {}));
  const turned = { ...undressed(shape, rule, pair) };
  delete turned['name'];
  turned[shape.destinations] = kept.map((each, k) => ({
    ...each,
    weight: sum(weights) === 0 ? 1 : (weights[k] ?? 0),
  }));
  return turned;
}

/** The rule's destinations as they were before the first edit; later changes by others are kept. */
export function restoredDestinations(shape: Shape, live: LiveRule, pair: Pair): JsonObject[] {
  if (live.canary.length === 0) return live.destinations;
  const weights = originalWeights(shape, live);
  return rebuild(shape, live, pair, (destination, k) => {
    const weight = weights[k] ?? null;
    if (weight !== null) return [{ ...destination, weight }];
    const bare = { ...destination };
    delete bare['weight'];
    return [bare];
  });
}

/** Recorded weights by stable destination; for one without a record, the sum of it and its canary. */
function originalWeights(shape: Shape, live: LiveRule): (number | null)[] {
  return anchorsOf(live).map((destination, k) => {
    const recorded = live.recorded?.weights[k];
    if (recorded !== undefined) return recorded;
    const canary = live.canary[k];
    if (canary === undefined) return getNumber(destination, 'weight') ?? null;
    return (live.stable[k] === undefined ? 0 : weightOf(shape, destination)) + weightOf(shape, canary);
  });
}

/**
 * If someone removed the stable destinations and left ours, ours take their place: a canary is never alone.
 */
const anchorsOf = ({ stable, canary }: LiveRule): JsonObject[] => (stable.length > 0 ? stable : canary);

function rebuild(
  shape: Shape,
  live: LiveRule,
  pair: Pair,
  replace: (stable: JsonObject, k: number) => JsonObject[],
): JsonObject[] {
  const anchors = anchorsOf(live);
  return live.destinations.flatMap((destination) => {
    const k = anchors.indexOf(destination);
    const isCanary = live.canary.includes(destination);
    if (k >= 0) return replace(isCanary ? shape.asStable(destination, pair) : destination, k);
    return isCanary ? [] : [destination];
  });
}
