import type { Arm } from '../../query.ts';

/** PromQL templates of cumulative counters (no rate/increase): `{{canary}}`-style variables, see analysis/measure. */
export type ErrorRateQueries = { bad: string; total: string };

/** PromQL of a histogram: the selector of its _bucket series (classic), or of the histogram itself (native). */
export type LatencyQueries = { buckets: string };

/** Queries under the name templates use for them; providers/provider.ts hands them out. */
export interface Preset {
  name: string;
  canary: ErrorRateQueries;
  stable: ErrorRateQueries;
  /** absent: the back end does not export a histogram for each arm */
  latency?: { canary: LatencyQueries; stable: LatencyQueries };
}

/** For a kind that counts requests: ready-made queries can replace its own. */
export interface ReadyMade<M> {
  /** the preset that the metric names, and its own queries */
  given(metric: M): { preset: string | undefined; queries: object | undefined };
  /** the metric with the queries of this preset; undefined: it has none for this kind */
  filled(metric: M, preset: Preset): M | undefined;
  /** what such a preset lacks: "histogram of durations" */
  lacks: string;
  /** its own queries that count all requests of each arm */
  total?(metric: M): Record<Arm, string> | undefined;
}
