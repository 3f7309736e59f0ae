import { rootBetween } from './kayenta-root.ts';
import { rankSum, rankVariance } from './ranks.ts';
import { normalQuantile } from './special/normal.ts';

/** How much larger the canary's values are than stable's, with a confidence interval. */
export interface Shift {
  lower: number;
  estimate: number;
  upper: number;
}

/** Differences of such values, and halves of their sums, are finite. */
const LARGEST = 1e300;

/**
 * Mann–Whitney confidence interval for the location shift, by the normal approximation with continuity correction.
 *
 * Purpose: by how much did a gauge-like series move; the core of the Kayenta judge.
 * Reference: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed., §4.3 (Moses' interval); estimate by
 * Hodges & Lehmann.
 * Cost: O((n + m) log(n + m)) and some 60 linear passes per bound. Fixed horizon: not safe to peek.
 *
 * The bounds are order statistics of the n·m differences, exact at any scale. Too few values for the confidence asked for
 * give the smallest and largest difference. Throws a RangeError if no interval exists (one value in each arm), or if a
 * value is not a number of at most 1e300.
 */
export function locationShift(
  canary: readonly number[],
  stable: readonly number[],
  confidence: number,
): Shift {
  check(canary, stable, confidence);
  const e = canary.toSorted((a, b) => a - b);
  const c = stable.toSorted((a, b) => a - b);
  const pairs = e.length * c.length;
  // between two neighbouring differences no value of one arm ties with one of the other
  const ties = tiesWithin(e) + tiesWithin(c);
  const spread = normalQuantile((1 + confidence) / 2) * Math.sqrt(rankVariance(e.length, c.length, ties));
  const depth = Math.min(pairs, Math.floor(pairs / 2 + spread + 0.5) + 1);
  const low = difference(e, c, pairs - depth + 1);
  const middle = difference(e, c, Math.ceil(pairs / 2));
  const alsoMiddle = pairs % 2 === 0 ? difference(e, c, pairs / 2 + 1) : middle;
  return { lower: low, estimate: middle + (alsoMiddle - middle) / 2, upper: difference(e, c, depth) };
}

/**
 * The same interval as Kayenta computes it: roots of the standardized rank sum by its root finder, whose tolerance is 1e-4 in
 * the unit of the metric, whatever that unit is. Throws a RangeError where Kayenta fails (all values tied).
 */
export function kayentaShift(
  canary: readonly number[],
  stable: readonly number[],
  confidence: number,
): Shift {
  check(canary, stable, confidence);
  const [lowCanary, highCanary] = range(canary);
  const [lowStable, highStable] = range(stable);
  const left = lowCanary - highStable;
  const right = highCanary - lowStable;
  const root = (quantile: number): number => {
    const standardized = (shift: number) => standardizedRankSum(canary, stable, shift) - quantile;
    const atLeft = standardized(left);
    const atRight = standardized(right);
    if (atLeft <= 0) return left;
    if (atRight >= 0) return right;
    return rootBetween(standardized, { at: left, value: atLeft }, { at: right, value: atRight });
  };
  const z = normalQuantile((1 + confidence) / 2);
  return { lower: root(z), estimate: root(0), upper: root(-z) };
}

function check(canary: readonly number[], stable: readonly number[], confidence: number): void {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`confidence is ${confidence}; give a number between 0 and 1`);
  }
  if (canary.length === 0 || stable.length === 0 || canary.length + stable.length < 3) {
    const sizes = `${canary.length} and ${stable.length} values`;
    throw new RangeError(`an interval for the shift needs three values or more, not ${sizes}`);
  }
  const wrong = [...canary, ...stable].find((value) => !(Math.abs(value) <= LARGEST));
  if (wrong !== undefined)
    throw new RangeError(`a value is ${wrong}; remove what is not a number up to 1e300`);
}

function standardizedRankSum(canary: readonly number[], stable: readonly number[], shift: number): number {
  const n = canary.length;
  const m = stable.length;
  const shifted = canary.map((value) => value - shift);
  const { sum, ties } = rankSum(shifted, stable);
  const excess = sum - (n * (n + 1)) / 2 - (n * m) / 2;
  const sigma = Math.sqrt(rankVariance(n, m, ties));
  if (sigma === 0) throw new RangeError('all values are tied, so the shift has no interval');
  return (excess - Math.sign(excess) * 0.5) / sigma;
}

function range(values: readonly number[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

function tiesWithin(sorted: readonly number[]): number {
  return rankSum(sorted, []).ties;
}

/** The `rank`-th smallest of the differences e − c, 1 = smallest; both arms sorted. */
function difference(e: readonly number[], c: readonly number[], rank: number): number {
  let low = (e[0] ?? 0) - (c.at(-1) ?? 0);
  let high = (e.at(-1) ?? 0) - (c[0] ?? 0);
  // at `high` enough differences are at most that; bisection ends where no double lies between
  while (low < high) {
    const middle = low + (high - low) / 2;
    const at = middle === high ? low : middle;
    const { count, largest, next } = upTo(e, c, at);
    if (count >= rank) high = largest;
    else low = next;
  }
  return high;
}

/** How many differences are at most `limit`, the largest of them, and the smallest of the others. */
function upTo(e: readonly number[], c: readonly number[], limit: number) {
  let [count, largest, next] = [0, -Infinity, Infinity];
  // the larger the canary's value, the more of stable's values have to be skipped to stay within the limit
  let first = 0;
  for (const value of e) {
    while (first < c.length && value - (c[first] ?? 0) > limit) first++;
    count += c.length - first;
    const within = c[first];
    const beyond = c[first - 1];
    if (within !== undefined) largest = Math.max(largest, value - within);
    if (beyond !== undefined) next = Math.min(next, value - beyond);
  }
  return { count, largest, next };
}
