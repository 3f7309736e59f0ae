import { logBetaDensity } from './special/beta.ts';

/**
 * Is the canary's share of the requests the wanted one? A one-sample test of a binomial proportion that may be looked at
 * after every window.
 *
 * With S of n requests at the canary, Robbins' mixture martingale for a share p and a prior Beta(a, b) is
 *   M(p) = B(a+S, b+n−S) / B(a, b) / (p^S·(1−p)^(n−S)),
 * which is the density of the prior at p over that of the posterior. Under the share p its expectation is 1, so P(M(p)
 * ever reaches 1/level) ≤ level (Ville), exactly, for any number of looks; {p: M(p) < 1/level} is a confidence sequence
 * (Howard et al. 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences"). A share is refuted if the
 * whole band around the wanted share lies outside that sequence: M falls towards S/n, so the near edge of the band
 * decides.
 *
 * The back end has to split each request independently, as back ends do; with sessions that stick to an arm it does not.
 * Cost: two densities.
 */
export type ShareResult = 'unverifiable' | 'asWanted' | 'tooLow' | 'tooHigh' | 'none';

export interface ShareCounts {
  canary: number;
  stable: number;
}

/** With fewer requests nothing can be said. */
export const ENOUGH = 100;
/** If this many requests are expected at the canary, the chance to see 0 is P ≤ e^−20. */
const EXPECTED = 20;
/** Data planes round, retry and start again: a share this far off harms no one. */
const BAND = 0.02;
/** Too small a share only delays a release; too large a share takes it back. */
const LEVEL = { low: 1e-3, high: 1e-6 };
/** How many requests the prior counts as: few enough to spread it over some percentage points around the wanted share. */
const PRIOR = 20;

/** `wanted` is a share between 0 and 1, both excluded. Counts may be fractional. */
export function checkShare(counts: ShareCounts, wanted: number): ShareResult {
  const { canary, stable } = counts;
  const all = canary + stable;
  if (!(wanted > 0 && wanted < 1) || !(canary >= 0 && stable >= 0 && Number.isFinite(all)))
    throw new RangeError(`share check needs 0 < wanted < 1 and counts, not ${wanted}, ${canary}, ${stable}`);
  if (canary === 0 && wanted * all > EXPECTED) return 'none';
  if (all < ENOUGH) return 'unverifiable';
  const share = canary / all;
  const floor = wanted - Math.min(BAND, wanted / 2);
  const roof = wanted + BAND;
  if (share < floor && logEvidence(counts, floor, wanted) >= -Math.log(LEVEL.low)) return 'tooLow';
  if (share > roof && roof < 1 && logEvidence(counts, roof, wanted) >= -Math.log(LEVEL.high))
    return 'tooHigh';
  return 'asWanted';
}

/** For display: the shares that are not refuted at the level `low`, at any look (99.9%). */
export function shareInterval(counts: ShareCounts, wanted: number): { low: number; high: number } {
  const all = counts.canary + counts.stable;
  const share = all === 0 ? wanted : counts.canary / all;
  const bound = (end: 0 | 1) => boundBetween((at) => logEvidence(counts, at, wanted), share, end);
  return { low: bound(0), high: bound(1) };
}

/** ln M(p). */
function logEvidence({ canary, stable }: ShareCounts, p: number, wanted: number): number {
  const [a, b] = [PRIOR * wanted, PRIOR * (1 - wanted)];
  return logBetaDensity(a, b, p) - logBetaDensity(a + canary, b + stable, p);
}

const STEPS = 60;

/** Where the evidence crosses the bar between the share that was seen and `end`; `end` if it does not. */
function boundBetween(evidence: (at: number) => number, share: number, end: 0 | 1): number {
  let [inside, outside] = [share, end as number];
  for (let i = 0; i < STEPS; i++) {
    const middle = (inside + outside) / 2;
    if (evidence(middle) < -Math.log(LEVEL.low)) inside = middle;
    else outside = middle;
  }
  return outside;
}
