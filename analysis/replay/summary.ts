import type { Outcome } from './trial.ts';

/** The outcomes of many trials of one kind. */
export interface Summary {
  runs: number;
  promoted: Share;
  rolledBack: Share;
  undecided: Share;
  /** minutes until these ends; absent if there were none */
  toPromote?: Times;
  toRollback?: Times;
}

export interface Share {
  count: number;
  share: number;
  /** Wilson's 95% interval of the share */
  low: number;
  high: number;
}

export interface Times {
  mean: number;
  median: number;
}

export function summarize(outcomes: readonly Outcome[]): Summary {
  const runs = outcomes.length;
  const minutesOf = (end: Outcome['end']) =>
    outcomes.filter((one) => one.end === end).map(({ minutes }) => minutes);
  const share = (end: Outcome['end']): Share => wilson(minutesOf(end).length, runs);
  const toPromote = timesOf(minutesOf('promoted'));
  const toRollback = timesOf(minutesOf('rolledBack'));
  return {
    runs,
    promoted: share('promoted'),
    rolledBack: share('rolledBack'),
    undecided: share('undecided'),
    ...(toPromote === undefined ? {} : { toPromote }),
    ...(toRollback === undefined ? {} : { toRollback }),
  };
}

const Z = 1.959963984540054;

/** Wilson's score interval at 95%: E. B. Wilson, JASA 22 (1927). */
export function wilson(count: number, runs: number): Share {
  if (runs === 0) return { count, share: 0, low: 0, high: 1 };
  const share = count / runs;
  const middle = share + (Z * Z) / (2 * runs);
  const reach = Z * Math.sqrt((share * (1 - share)) / runs + (Z * Z) / (4 * runs * runs));
  const scale = 1 + (Z * Z) / runs;
  return {
    count,
    share,
    low: count === 0 ? 0 : Math.max(0, (middle - reach) / scale),
    high: count === runs ? 1 : Math.min(1, (middle + reach) / scale),
  };
}

function timesOf(minutes: readonly number[]): Times | undefined {
  if (minutes.length === 0) return undefined;
  return { mean: minutes.reduce((a, b) => a + b, 0) / minutes.length, median: medianOf(minutes) };
}

/** NaN for no values. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** Share of the runs that had ended this way after each of `points` equal parts of `minutes`. */
export function curveOf(
  outcomes: readonly Outcome[],
  end: Outcome['end'],
  { minutes, points }: { minutes: number; points: number },
): number[] {
  return Array.from({ length: points }, (_, i) => {
    const until = ((i + 1) * minutes) / points + 1e-9;
    const ended = outcomes.filter((one) => one.end === end && one.minutes <= until).length;
    return outcomes.length === 0 ? 0 : ended / outcomes.length;
  });
}
