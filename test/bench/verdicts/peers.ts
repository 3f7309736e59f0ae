import type { Counts } from '../../../api/analysis.ts';
import { classifySeries, seriesSettings } from '../../../analysis/judge/series/series.ts';
import { mannWhitney } from '../../../analysis/stats/mann-whitney.ts';
import { twoProportionZ } from '../../../analysis/stats/two-proportion-z.ts';

/**
 * What other controllers would have done with one look a minute, as they have: the minute of the rollback,
 * Infinity if there was none. Each gets its best case: exact arithmetic, and only "worse" counts.
 */
export interface Minutes {
  canary: readonly Counts[];
  stable: readonly Counts[];
}

const ALPHA = 0.05;
const FIRST_LOOK = 5;
const FLAGGER_SUCCESS = 0.99;
/** twice the usual errors of the simulated services: the setting of someone who knows them */
const FLAGGER_FAIR_SUCCESS = 0.98;
const FLAGGER_FAILURES = 5;

/** Flagger: success of the canary is below a limit in five minutes, counted over the whole rollout. */
export function flagger({ canary }: Minutes, success: number = FLAGGER_SUCCESS): number {
  let failures = 0;
  for (const [i, { bad, total }] of canary.entries()) {
    if (total > 0 && 1 - bad / total < success) failures++;
    if (failures >= FLAGGER_FAILURES) return i + 1;
  }
  return Infinity;
}

/** Two proportions of all requests so far, one-sided at 5%, every minute. */
export function pooledZ({ canary, stable }: Minutes): number {
  const all = { canary: { total: 0, bad: 0 }, stable: { total: 0, bad: 0 } };
  for (const [i, counts] of canary.entries()) {
    add(all.canary, counts);
    add(all.stable, stable[i]!);
    if (twoProportionZ(all.canary, all.stable, 'greater').p < ALPHA) return i + 1;
  }
  return Infinity;
}

function add(sum: Counts, { total, bad }: Counts): void {
  sum.total += total;
  sum.bad += bad;
}

/** Mann–Whitney on the error rates of all minutes so far, one-sided at 5%, every minute from the fifth. */
export function mannWhitneyEachMinute(minutes: Minutes): number {
  return eachMinute(minutes, (canary, stable) => mannWhitney(canary, stable, 'greater').p < ALPHA);
}

const SETTINGS = seriesSettings({ direction: 'increase', compat: 'kayenta' });
/** Its root is searched to 1e-4, too coarse for shares: its users are told to measure errors in percent. */
const PERCENT = 100;

/** The judge of Kayenta on a growing window, every minute from the fifth; High means a rollback. */
export function kayenta(minutes: Minutes): number {
  return eachMinute(minutes, (canary, stable) => {
    const arms = { canary: inPercent(canary), stable: inPercent(stable) };
    const { classification } = classifySeries(arms, SETTINGS, () => 0.5);
    return classification === 'High';
  });
}

const inPercent = (rates: readonly number[]): number[] => rates.map((rate) => PERCENT * rate);

function eachMinute(
  { canary, stable }: Minutes,
  fails: (canary: readonly number[], stable: readonly number[]) => boolean,
): number {
  const rates = [canary, stable].map((arm) => arm.map(({ bad, total }) => bad / total));
  for (let minute = FIRST_LOOK; minute <= canary.length; minute++) {
    if (fails(rates[0]!.slice(0, minute), rates[1]!.slice(0, minute))) return minute;
  }
  return Infinity;
}

export const PEERS = {
  flagger: {
    title: 'Flagger rule: success ≥ 99%, just what is usual; 5 failed minutes',
    rollback: (minutes: Minutes) => flagger(minutes),
  },
  flaggerFair: {
    title: 'Flagger rule: success ≥ 98%, twice the usual errors; 5 failed minutes',
    rollback: (minutes: Minutes) => flagger(minutes, FLAGGER_FAIR_SUCCESS),
  },
  z: { title: 'pooled z, every minute', rollback: pooledZ },
  mannWhitney: { title: 'Mann–Whitney, every minute', rollback: mannWhitneyEachMinute },
  kayenta: { title: 'Kayenta judge, every minute', rollback: kayenta },
} as const;

export type PeerId = keyof typeof PEERS;
