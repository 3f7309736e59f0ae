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
  least: number;
  most: number;
}

/** By name of the series. */
export type Summaries = Record<string, Summary>;

const HOUR = 60;

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
    least: finite(sorted[0]),
    most: finite(sorted.at(-1)),
  };
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
  /** median of repeated measurements, with the least and the most */
  median: ({ median, least, most }: Summary): Estimate => ({ value: median, low: least, high: most }),
} as const satisfies Record<string, (summary: Summary) => Estimate>;

export type Measure = keyof typeof MEASURES;

/** A table or check wants a series that this run left out. */
export class NotMeasured extends Error {}

export function summaryOf(summaries: Summaries, name: string): Summary {
  const summary = summaries[name];
  if (summary === undefined) throw new NotMeasured(`nobody measured the series ${name}`);
  return summary;
}
