/** Estimates with their errors, from the summary of a series. */
export interface Estimate {
  value: number;
  /** 95% interval */
  low: number;
  high: number;
}

/** All that is kept of one series of readings; JSON. */
export interface Summary {
  runs: number;
  /** readings that are a time, not "never" */
  happened: number;
  /** readings that are 1 */
  yes: number;
  /** mean minutes with "never" counted as an hour, and its standard error */
  minutes: number;
  minutesError: number;
  median: number;
  /** 95% interval of the median */
  medianLow: number;
  medianHigh: number;
  least: number;
  most: number;
}

/** By name of the series. */
export type Summaries = Record<string, Summary>;

const HOUR = 60;
/** half of what lies outside a 95% interval */
export const ONE_SIDE = 0.025;

export function summarize(readings: readonly number[]): Summary {
  const runs = readings.length;
  const capped = readings.map((time) => Math.min(HOUR, time));
  const minutes = capped.reduce((sum, one) => sum + one, 0) / runs;
  const square = capped.reduce((sum, one) => sum + (one - minutes) ** 2, 0);
  const sorted = readings.toSorted((a, b) => a - b);
  const finite = (value: number | undefined): number => digits(Math.min(value ?? 0, Number.MAX_SAFE_INTEGER));
  return {
    runs,
    happened: readings.filter(Number.isFinite).length,
    yes: readings.filter((reading) => reading === 1).length,
    minutes: digits(minutes),
    minutesError: digits(Math.sqrt(square / Math.max(1, runs - 1) / runs)),
    median: finite(sorted[runs >> 1]),
    medianLow: finite(sorted[outer(runs)]),
    medianHigh: finite(sorted[runs - 1 - outer(runs)]),
    least: finite(sorted[0]),
    most: finite(sorted.at(-1)),
  };
}

/**
 * How many of the sorted readings lie outside the interval of the median on either side: each reading is below
 * the median with probability ½, so their number is binomial.
 */
function outer(runs: number): number {
  let [tail, chance, below] = [0, 0.5 ** runs, 0];
  while (tail + chance <= ONE_SIDE && below < runs >> 1) {
    tail += chance;
    chance *= (runs - below) / (below + 1);
    below++;
  }
  return Math.max(0, below - 1);
}

function digits(value: number): number {
  return Number(value.toPrecision(6));
}

const Z = 1.96;

/** Share of `hits` in `runs`, with Wilson's score interval: right also where nothing or everything hits. */
export function share(hits: number, runs: number): Estimate {
  const centre = (hits + (Z * Z) / 2) / (runs + Z * Z);
  const half = (Z / (runs + Z * Z)) * Math.sqrt((hits * (runs - hits)) / runs + (Z * Z) / 4);
  return { value: hits / runs, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

export const MEASURES = {
  /** how often it happened within the hour */
  share: ({ happened, runs }: Summary): Estimate => share(happened, runs),
  /** how often the answer was yes */
  proportion: ({ yes, runs }: Summary): Estimate => share(yes, runs),
  /** mean minutes until it happened, an hour if it did not */
  minutes: ({ minutes, minutesError }: Summary): Estimate => ({
    value: minutes,
    low: minutes - Z * minutesError,
    high: minutes + Z * minutesError,
  }),
  /** median of repeated measurements */
  median: ({ median, medianLow, medianHigh }: Summary): Estimate => ({
    value: median,
    low: medianLow,
    high: medianHigh,
  }),
  /** the most of all measurements, beside the least */
  most: ({ least, most }: Summary): Estimate => ({ value: most, low: least, high: most }),
} as const satisfies Record<string, (summary: Summary) => Estimate>;

/** The ratio of two mean times, with the interval of the delta method. */
export function ratio(value: Summary, base: Summary): Estimate {
  const quotient = value.minutes / base.minutes;
  const relative = Math.hypot(value.minutesError / value.minutes, base.minutesError / base.minutes);
  const half = Z * quotient * relative;
  return { value: quotient, low: quotient - half, high: quotient + half };
}

export type Measure = keyof typeof MEASURES;

/** A table or check wants a series that this run left out. */
export class NotMeasured extends Error {}

export function summaryOf(summaries: Summaries, name: string): Summary {
  const summary = summaries[name];
  if (summary === undefined) throw new NotMeasured(`nobody measured the series ${name}`);
  return summary;
}
