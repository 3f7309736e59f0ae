import { logBetaTails } from '../../../analysis/stats/special/beta.ts';
import { logStudentTails } from '../../../analysis/stats/special/distributions.ts';
import type { Measure, Summary } from './estimate.ts';
import { ONE_SIDE } from './estimate.ts';

/** How easily chance puts a measured value beyond a bar. */

export type Bar = { atMost: number } | { atLeast: number };

/** Probability of a value at least this far beyond the bar, if the true value lay exactly on the bar. */
export const CHANCES = {
  share: ({ happened, runs }: Summary, bar: Bar) => ofShare(happened, runs, bar),
  proportion: ({ yes, runs }: Summary, bar: Bar) => ofShare(yes, runs, bar),
  minutes: ({ minutes, minutesError, runs }: Summary, bar: Bar) => {
    const over = 'atMost' in bar ? minutes - bar.atMost : bar.atLeast - minutes;
    if (minutesError === 0) return over > 0 ? 0 : 1;
    return upperTail(over / minutesError, runs);
  },
  median: ({ least, most, medianLow, medianHigh, runs }: Summary, bar: Bar) => {
    if ('atMost' in bar ? least > bar.atMost : most < bar.atLeast) return 2 ** -runs;
    return ('atMost' in bar ? medianLow > bar.atMost : medianHigh < bar.atLeast) ? ONE_SIDE : 1;
  },
  // every single value counts
  most: ({ most }: Summary, bar: Bar) => ('atMost' in bar && most > bar.atMost ? 0 : 1),
} as const satisfies Record<Measure, (summary: Summary, bar: Bar) => number>;

/** The same for a ratio of two means. */
export function chanceOfRatio(value: Summary, base: Summary, bar: Bar): number {
  const limit = 'atMost' in bar ? bar.atMost : bar.atLeast;
  const over = (value.minutes - limit * base.minutes) * ('atMost' in bar ? 1 : -1);
  const error = Math.hypot(value.minutesError, limit * base.minutesError);
  if (error === 0) return over > 0 ? 0 : 1;
  return upperTail(over / error, Math.min(value.runs, base.runs));
}

function upperTail(t: number, runs: number): number {
  return Math.exp(logStudentTails(t, Math.max(1, runs - 1)).upper);
}

/** An exact binomial tail. */
function ofShare(hits: number, runs: number, bar: Bar): number {
  if (!('atMost' in bar)) return ofShare(runs - hits, runs, { atMost: 1 - bar.atLeast });
  if (hits === 0) return 1;
  return Math.exp(logBetaTails(hits, runs - hits + 1, bar.atMost, 1 - bar.atMost).lower);
}
