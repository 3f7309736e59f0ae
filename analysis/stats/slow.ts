import type { Buckets } from './histogram.ts';
import { above, total } from './histogram.ts';
import { logNormalTails, normalQuantile } from './special/normal.ts';

/**
 * Which requests count as slow, so that a canary whose requests take up to `factor` times as long as stable's does not
 * have a larger share of slow ones than stable.
 */
export interface SlowLimits {
  /** a canary request above this is slow */
  canary: number;
  /** a stable request above this is slow: `canary / factor` */
  stable: number;
  /** classic: the bucket around `stable`, and the share of its requests that are taken to be slow; absent: interpolated */
  around?: { lower: number; upper: number; share: number };
}

/**
 * The limits at a quantile of stable. Native buckets are fine enough to interpolate both arms. Classic ones are not: the
 * error of interpolation, which is the same in both arms only if both limits were, would be called harm. So the canary is
 * counted at the next bucket bound, which is exact, and stable at `bound / factor`.
 *
 * `past`: stable before this window, so that chance in the window cannot choose; `quantile`: a value of it, in its unit.
 */
export function slowLimits(past: Buckets, quantile: number, factor: number): SlowLimits {
  const canary = canaryLimit(past, quantile, factor);
  const stable = canary / factor;
  return past.layout === 'native'
    ? { canary, stable }
    : { canary, stable, around: bucketAround(past, stable) };
}

/** The first bound at or above `quantile × factor`; if that lies above all bounds, the largest bound. */
export function canaryLimit({ layout, bounds }: Buckets, quantile: number, factor: number): number {
  const limit = quantile * factor;
  if (layout === 'native') return limit;
  return bounds.find((bound) => bound >= limit) ?? bounds.at(-1) ?? limit;
}

/** Slow requests of stable, or of one of its pods. */
export function slowStable(buckets: Buckets, { stable, around }: SlowLimits): number {
  if (around === undefined) return above(buckets, stable);
  const { lower, upper, share } = around;
  const beyond = above(buckets, upper);
  return beyond + share * (above(buckets, lower) - beyond);
}

/**
 * At most this share of the requests in the bucket around `limit` took longer. On a normal scale (probit) over ln time, the
 * distribution is taken to be as steep as in this bucket or the next, whichever is steeper: exact for lognormal times, and
 * too many for all whose steepness there only rises or only falls. 1, where the buckets say too little.
 */
function bucketAround(past: Buckets, limit: number): { lower: number; upper: number; share: number } {
  const { bounds, counts } = past;
  const i = bounds.findIndex((bound) => bound > limit);
  const [lower, upper] = [bounds[i - 1] ?? 0, bounds[i] ?? limit];
  const all = total(past);
  const below = sumTo(counts, i - 1);
  const upTo = sumTo(counts, i);
  const next = bounds[i + 1] ?? upper;
  const beyond = bounds[i + 1] === undefined ? upTo : sumTo(counts, i + 1);
  if (lower <= 0 || below <= 0 || upTo <= below || beyond >= all) return { lower, upper, share: 1 };
  const z = (count: number): number => normalQuantile(count / all);
  const steepness = Math.max(
    (z(upTo) - z(below)) / Math.log(upper / lower),
    next > upper ? (z(beyond) - z(upTo)) / Math.log(next / upper) : 0,
  );
  const least = all * Math.exp(logNormalTails(z(upTo) - steepness * Math.log(upper / limit)).lower);
  return { lower, upper, share: Math.min(1, (upTo - least) / (upTo - below)) };
}

function sumTo(counts: readonly number[], last: number): number {
  let sum = 0;
  for (let i = 0; i <= last; i++) sum += counts[i] ?? 0;
  return sum;
}
