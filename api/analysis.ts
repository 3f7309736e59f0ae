/** What is measured, what is concluded, and the small versioned state in between (kept in Release.status). */

/** One closed time window, milliseconds since the epoch, `start < end`. The same for both arms. */
export interface Window {
  startMs: number;
  endMs: number;
}

export interface Counts {
  /** requests in the window; may be fractional */
  total: number;
  /** bad requests, 0..total */
  bad: number;
}

/** What a source answers with; each kind of metric is made of one of these. */
export type Form = 'counts' | 'histograms' | 'numbers';

/** The outcome of asking for one metric over one window. Only `ok` carries numbers; no other outcome ever passes. */
export type Measurement =
  | {
      metric: string;
      window: Window;
      outcome: 'ok';
      kind: 'counts';
      canary: Counts;
      stable: Counts;
      /** the same counts pod by pod, if the series say which pod they are of */
      pods?: { canary: Record<string, Counts>; stable: Record<string, Counts> };
      history?: History;
    }
  | {
      metric: string;
      window: Window;
      outcome: 'ok';
      kind: 'histograms';
      canary: Histogram;
      stable: Histogram;
      /** the same histograms pod by pod, if the series say which pod they are of */
      pods?: { canary: Record<string, Histogram>; stable: Record<string, Histogram> };
      history?: LatencyHistory;
    }
  /** one value per arm, or of the canary alone; NaN is a separate outcome unless the metric accepts it as a number */
  | { metric: string; window: Window; outcome: 'ok'; kind: 'numbers'; canary: number; stable?: number }
  /** requests of each arm, under the key `SHARE`; not a metric of a template */
  | { metric: string; window: Window; outcome: 'ok'; kind: 'share'; canary: number; stable: number }
  /** counts of each value of a label, where a job asks for these instead (MeasureRequest.byLabel) */
  | {
      metric: string;
      window: Window;
      outcome: 'ok';
      kind: 'byLabel';
      tickMs: number;
      values: LabelledCounts[];
    }
  | { metric: string; window: Window; outcome: BadOutcome; sentence: string };

/** The requests with one value of a label, in ticks of equal length, the last of which ends with the window. */
export interface LabelledCounts {
  /** empty: of the series without this label */
  value: string;
  canary: Counts[];
  stable: Counts[];
}

/**
 * Requests by how long they took. `counts[i]` is the number in (bounds[i−1], bounds[i]] (from 0 for i = 0). There is one
 * more count than bounds: the last one is of requests above all bounds. Counts may be fractional.
 */
export interface Histogram {
  /** finite upper bounds, ascending; of a native histogram those of its filled buckets and their lower neighbours */
  bounds: number[];
  counts: number[];
  /** native: exponential interpolation inside a bucket; classic: linear */
  layout: 'classic' | 'native';
}

/** Like `History`: windows of equal length, oldest first. All share one list of bounds. */
export interface LatencyHistory {
  layout: Histogram['layout'];
  bounds: number[];
  /** the counts of each window, as in `Histogram`; [] = no requests in this window */
  stable: number[][];
  pods?: Record<string, number[][]>;
}

/** What stable did before the measured window: counts of windows of the same length, oldest first, without gaps. */
export interface History {
  stable: Counts[];
  /** the same pod by pod: lists of equal length */
  pods?: Record<string, Counts[]>;
}

/** Queries of cumulative counters of the requests of each arm. */
export interface ShareQueries {
  /** "<source>/<end point>" */
  source: string;
  canary: string;
  stable: string;
  /**
   * key of the metric whose total they count: the arguments and limits of its template apply; absent: the queries are
   * ready-made
   */
  metric?: string;
}

/** Key of the measurement of both arms' requests; names of metrics have no `$`. */
export const SHARE = '$share';

/** Was the value infinite? JSON has no infinity, so the largest number is stored instead: comparisons give the same answer. */
export function isEndless(value: number): boolean {
  return Math.abs(value) === Number.MAX_VALUE;
}

export type BadOutcome = 'noData' | 'nan' | 'severalSeries' | 'serverError' | 'timeout' | 'badQuery';
