import type { Histogram, LatencyHistory } from '../../api/analysis.ts';

/** The request times of the simulated app: lognormal, as is usual for services. */

const MEDIAN_SECONDS = 0.08;
const SIGMA = 0.5;
/** the factor of a slow version's request times */
const SLOWNESS = 1.5;
/** Classic buckets with no bound near the median, so that a pass does not prove every case. */
const BOUNDS = [0.025, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 1, 2.5];

/** Requests of one arm in one window, and the number that a slow version answered. */
export interface Answered {
  total: number;
  slow: number;
}

export function histogramOf({ total, slow }: Answered, random: () => number): Histogram {
  const counts = new Array<number>(BOUNDS.length + 1).fill(0);
  for (let i = 0; i < Math.round(total); i++) {
    const seconds = MEDIAN_SECONDS * Math.exp(SIGMA * normal(random)) * (i < slow ? SLOWNESS : 1);
    const at = BOUNDS.findIndex((bound) => seconds <= bound);
    const bucket = at === -1 ? BOUNDS.length : at;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { bounds: BOUNDS, counts, layout: 'classic' };
}

/** Only stable, window by window, oldest first. */
export function historyOf(windows: readonly Answered[], random: () => number): LatencyHistory {
  const stable = windows.map((window) => histogramOf(window, random).counts);
  return { layout: 'classic', bounds: BOUNDS, stable };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}
