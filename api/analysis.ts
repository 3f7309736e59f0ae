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

/** What sources answer with, and kinds of metrics are made of. */
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
  /** one value per arm, or of the canary alone; NaN is an outcome of its own unless the metric lets it through as a number */
  | { metric: string; window: Window; outcome: 'ok'; kind: 'numbers'; canary: number; stable?: number }
  /** requests of each arm, under the key `SHARE`: no metric of a template */
  | { metric: string; window: Window; outcome: 'ok'; kind: 'share'; canary: number; stable: number }
  | { metric: string; window: Window; outcome: BadOutcome; sentence: string };

/**
 * Requests by how long they took. `counts[i]` lie in (bounds[i−1], bounds[i]] (from 0 for i = 0); the last of them, one more
 * than bounds, lies above all bounds. May be fractional.
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
  /** per window its counts, as in `Histogram`; [] = none in this window */
  stable: number[][];
  pods?: Record<string, number[][]>;
}

/** What stable did before the measured window: counts of windows as long as it, oldest first, without a gap between. */
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
  /** key of the metric whose total they are: arguments and limits of its template apply; absent: ready-made queries */
  metric?: string;
}

/** Key of the measurement of both arms' requests; names of metrics have no `$`. */
export const SHARE = '$share';

/** Was it infinite? Plain JSON has no infinity: the largest number takes its place, and compares alike. */
export function isEndless(value: number): boolean {
  return Math.abs(value) === Number.MAX_VALUE;
}

export type BadOutcome = 'noData' | 'nan' | 'severalSeries' | 'serverError' | 'timeout' | 'badQuery';
