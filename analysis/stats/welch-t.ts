import type { Alternative, TestResult } from './comparison.ts';
import { checkSample, result } from './comparison.ts';
import { logStudentTails } from './special/distributions.ts';

/**
 * Welch's t-test for unequal variances.
 *
 * Purpose: do the means of two series of per-window values differ; wants 30 values or more where they are skewed.
 * Reference: Welch 1947, with Satterthwaite's degrees of freedom.
 * Cost: O(n). Fixed horizon: not safe to peek, and wrong for values that follow each other closely.
 *
 * Two constant arms: t = 0 if equal, else ±Infinity. Throws a RangeError for an arm of fewer than two values or one that
 * is not finite.
 */
export function welchT(
  canary: readonly number[],
  stable: readonly number[],
  alternative: Alternative,
): TestResult & { df: number } {
  checkSample('canary', canary, 2);
  checkSample('stable', stable, 2);
  // Scaling by a power of two changes no digit and keeps squares from overflowing.
  const scale = powerOfTwo(
    [...canary, ...stable].reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  );
  const one = moments(canary, scale);
  const two = moments(stable, scale);
  const difference = one.mean - two.mean;
  const error = one.squaredError + two.squaredError;
  if (error === 0) {
    const t = difference === 0 ? 0 : Math.sign(difference) * Infinity;
    const df = canary.length + stable.length - 2;
    return { ...result(t, logStudentTails(t, df), alternative), df };
  }
  const t = difference / Math.sqrt(error);
  const share = one.squaredError / error;
  const df = 1 / (share ** 2 / (canary.length - 1) + (1 - share) ** 2 / (stable.length - 1));
  return { ...result(t, logStudentTails(t, df), alternative), df };
}

function powerOfTwo(size: number): number {
  return size === 0 ? 1 : 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(size))));
}

/** Mean and squared standard error of the mean, in units of `scale`; two passes, so a large mean costs no digits. */
function moments(values: readonly number[], scale: number): { mean: number; squaredError: number } {
  const n = values.length;
  const rough = values.reduce((sum, value) => sum + value / scale / n, 0);
  const mean = rough + values.reduce((sum, value) => sum + (value / scale - rough), 0) / n;
  const squares = values.reduce((sum, value) => sum + (value / scale - mean) ** 2, 0);
  return { mean, squaredError: squares / (n - 1) / n };
}
