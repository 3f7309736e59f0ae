import type { Alternative, TestResult } from './comparison.ts';
import { checkSample, result } from './comparison.ts';
import { rankSum, rankVariance } from './ranks.ts';
import { logNormalTails } from './special/normal.ts';

/**
 * Mann–Whitney U test (Wilcoxon rank-sum test) by the normal approximation, corrected for ties and continuity.
 *
 * Purpose: do the canary's per-window values tend to be larger (or smaller) than stable's; wants 8 values or more in
 * each.
 * Reference: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed., §4.1.
 * Cost: O(n log n). Fixed horizon: not safe to peek, and wrong for values that follow each other closely.
 *
 * `statistic` is z before the continuity correction; if all values are equal, z = 0 and p = 1. Throws a RangeError for an
 * empty arm or a value that is not finite.
 */
export function mannWhitney(
  canary: readonly number[],
  stable: readonly number[],
  alternative: Alternative,
): TestResult {
  checkSample('canary', canary, 1);
  checkSample('stable', stable, 1);
  const n = canary.length;
  const m = stable.length;
  const { sum, ties } = rankSum(canary, stable);
  const sigma = Math.sqrt(rankVariance(n, m, ties));
  if (sigma === 0) return { statistic: 0, p: 1, logP: 0 };
  const excess = sum - (n * (n + 1)) / 2 - (n * m) / 2;
  const statistic = excess / sigma;
  const upper = logNormalTails((excess - 0.5) / sigma).upper;
  const lower = logNormalTails((excess + 0.5) / sigma).lower;
  return result(statistic, { lower, upper }, alternative);
}
