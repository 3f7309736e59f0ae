import type { Alternative, TestResult } from './comparison.ts';
import { checkSample } from './comparison.ts';

/** Up to this many pairs the p-value is exact. */
const EXACT_PAIRS = 10_000;

/**
 * Two-sample Kolmogorov–Smirnov test.
 *
 * Purpose: do the two arms' values follow the same distribution, whatever the difference; weak in the tails.
 * Reference: exact by counting lattice paths (Hodges 1957), conditional on ties (Schröer & Trenkler 1995); beyond 10 000
 * pairs Kolmogorov's limit Q(√(nm/(n+m))·D), one-sided Smirnov's exp(−2·nm/(n+m)·D²), both conservative under ties.
 * Cost: O(nm) exact, O(n log n) else. Fixed horizon: not safe to peek.
 *
 * `statistic` D is the largest distance between the empirical distribution functions; `greater`: where the canary's lies
 * below stable's, that is its values are larger. Throws a RangeError for an empty arm or a value that is not finite.
 */
export function kolmogorovSmirnov(
  canary: readonly number[],
  stable: readonly number[],
  alternative: Alternative,
): TestResult {
  checkSample('canary', canary, 1);
  checkSample('stable', stable, 1);
  const n = canary.length;
  const m = stable.length;
  const { distance, changes } = walk(canary, stable, alternative);
  const statistic = distance / (n * m);
  if (n * m <= EXACT_PAIRS) {
    const beyond = (i: number, j: number) =>
      changes[i + j] === true && apart(i * m, j * n, alternative) >= distance;
    const p = crossing(n, m, beyond);
    return { statistic, p, logP: Math.log(p) };
  }
  const logP = limit(statistic * Math.sqrt((n * m) / (n + m)), alternative);
  return { statistic, p: Math.exp(logP), logP };
}

/** Distance of the distribution functions, both times n·m, so that it stays whole. */
function apart(ofCanary: number, ofStable: number, alternative: Alternative): number {
  if (alternative === 'two-sided') return Math.abs(ofCanary - ofStable);
  return alternative === 'greater' ? ofStable - ofCanary : ofCanary - ofStable;
}

/**
 * The largest distance, and the numbers of pooled values (i + j) after which the value changes: the distance counts only
 * there.
 */
function walk(canary: readonly number[], stable: readonly number[], alternative: Alternative) {
  const one = canary.toSorted((a, b) => a - b);
  const two = stable.toSorted((a, b) => a - b);
  const changes: boolean[] = Array.from({ length: one.length + two.length + 1 }, () => false);
  let distance = 0;
  let [i, j] = [0, 0];
  while (i < one.length || j < two.length) {
    const at = Math.min(one[i] ?? Infinity, two[j] ?? Infinity);
    while (one[i] === at) i++;
    while (two[j] === at) j++;
    changes[i + j] = true;
    distance = Math.max(distance, apart(i * two.length, j * one.length, alternative));
  }
  return { distance, changes };
}

/**
 * Probability that a random path from (0, 0) to (n, m) touches a point that is `beyond`, if all orders are equally
 * likely. Adds only positive terms, so that small probabilities keep their digits.
 */
function crossing(n: number, m: number, beyond: (i: number, j: number) => boolean): number {
  const row = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      const fromLeft = j > 0 ? (j / (i + j)) * (row[j - 1] ?? 0) : 0;
      const fromBelow = i > 0 ? (i / (i + j)) * (row[j] ?? 0) : 0;
      row[j] = i + j > 0 && beyond(i, j) ? 1 : fromLeft + fromBelow;
    }
  }
  return Math.min(1, row[m] ?? 1);
}

/** ln of the limiting tail probability at √(nm/(n+m))·D = z. */
function limit(z: number, alternative: Alternative): number {
  if (alternative !== 'two-sided') return -2 * z * z;
  if (z < 1.2) return Math.log1p(-lowerTail(z));
  let sum = 0;
  for (let k = 2; k <= 12; k++) sum += (k % 2 === 0 ? -1 : 1) * Math.exp(-2 * (k * k - 1) * z * z);
  return Math.min(0, Math.LN2 - 2 * z * z + Math.log1p(sum));
}

/** Kolmogorov's distribution function for small z, where the alternating series would cancel. */
function lowerTail(z: number): number {
  if (z === 0) return 0;
  let sum = 0;
  for (let k = 1; k <= 9; k += 2) sum += Math.exp(-((k * Math.PI) ** 2) / (8 * z * z));
  return (Math.sqrt(2 * Math.PI) / z) * sum;
}
