import type { Histogram } from '../../api/analysis.ts';

/** Requests of one window: [good, bad] of counts, or counts by bucket of histograms (as in `Histogram`). []: no requests. */
export type Cell = readonly number[];

/** What the stable arm did, cut into windows of one length. */
export interface Recording {
  startMs: number;
  tickMs: number;
  /** number of windows */
  length: number;
  /** metrics that compare requests; keys as in api/bound.ts */
  metrics: RecordedMetric[];
  /** metrics that check a value against a condition */
  thresholds: RecordedThreshold[];
}

/** Stable's value per window, which a healthy canary would have as well. NaN: not a number; `undefined`: no data. */
export interface RecordedThreshold {
  key: string;
  values: readonly (number | undefined)[];
}

interface Recorded {
  key: string;
  whole: Cell[];
  /** the same pod by pod, if the series say which pod of the target they are of */
  pods?: ReadonlyMap<string, Cell[]>;
}

export type RecordedMetric =
  | (Recorded & { kind: 'counts' })
  | (Recorded & { kind: 'histograms'; bounds: number[]; layout: Histogram['layout'] });

export function sizeOf(cell: Cell | undefined): number {
  let sum = 0;
  for (const count of cell ?? []) sum += count;
  return sum;
}

export function sumOf(cells: readonly Cell[]): Cell {
  const sums: number[] = [];
  for (const cell of cells) cell.forEach((count, i) => (sums[i] = (sums[i] ?? 0) + count));
  return sums;
}

/** A pod with requests in at least this share of the windows counts as having served all the time. */
const SERVED = 0.9;

/** Pods that every metric knows by name and that had requests nearly all the time from window `from` up to `to`. */
export function podsServing(recording: Recording, from: number, to: number): string[] {
  const known = recording.metrics.flatMap(({ pods }) => (pods === undefined ? [] : [pods]));
  const [first] = known;
  const served = (cells: readonly Cell[] | undefined): boolean => {
    let busy = 0;
    for (let i = from; i < to; i++) if (sizeOf(cells?.[i]) > 0) busy++;
    return busy >= SERVED * (to - from);
  };
  return [...(first?.keys() ?? [])].filter((pod) => known.every((pods) => served(pods.get(pod)))).sort();
}
