/**
 * A group of series that are measured on the same simulated streams: one call is one run, and gives one
 * number for each series. A time is in minutes, Infinity for "never"; a yes or no is 1 or 0.
 */
export interface Group {
  id: string;
  /** share of the full number of runs, at most 1 */
  share?: number;
  run: (seed: number) => Readings;
}

export type Readings = Record<string, number>;

/** All readings of one series, run by run. */
export type Series = Record<string, number[]>;

export function collect(into: Series, readings: Readings): void {
  for (const [name, value] of Object.entries(readings)) (into[name] ??= []).push(value);
}
