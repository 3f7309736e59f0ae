import type { Alternative, ArmCounts, TestResult } from './comparison.ts';
import { checkCounts, result } from './comparison.ts';
import { logNormalTails } from './special/normal.ts';

/**
 * Two-proportion z-test, pooled variance, no continuity correction.
 *
 * Purpose: is the canary's error rate other than stable's, where both arms have many errors (≥ 10 each).
 * Reference: Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions, 3rd ed., §3.2.
 * Cost: constant. Fixed horizon: not safe to peek, and wrong for errors that come in bursts.
 *
 * Counts may be fractional. Without an error in both arms, or with only errors in both: z = 0. Throws a RangeError for an
 * arm without requests or impossible counts.
 */
export function twoProportionZ(canary: ArmCounts, stable: ArmCounts, alternative: Alternative): TestResult {
  checkCounts('canary', canary);
  checkCounts('stable', stable);
  const bad = canary.bad + stable.bad;
  const good = canary.total - canary.bad + (stable.total - stable.bad);
  const total = canary.total + stable.total;
  const difference = canary.bad / canary.total - stable.bad / stable.total;
  const variance = (bad / total) * (good / total) * (1 / canary.total + 1 / stable.total);
  const z = variance === 0 ? 0 : difference / Math.sqrt(variance);
  return result(z, logNormalTails(z), alternative);
}
