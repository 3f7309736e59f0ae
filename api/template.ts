import type { AnalysisUse } from './kinds/policy/policy.ts';

/** AnalysisTemplate: what is measured and how it is judged. Parsed, defaulted form; durations are milliseconds. */
export interface AnalysisTemplate {
  args: { name: string; value?: string }[];
  /** time between two measurements = length of one closed window */
  intervalMs: number;
  /** name of a configured Prometheus end point; "default" if absent */
  prometheus: string;
  /** alpha: probability of rolling back an acceptable canary; beta: of promoting a harmful one */
  risk: { harm: number; safe: number };
  /** evidence of safety begins anew in each step, or is kept through all of them (quiet services) */
  safeEvidence: 'perStep' | 'cumulative';
  /** series metrics are judged together by Kayenta's score; absent: each by itself, like other metrics */
  scoring?: Scoring;
  metrics: Metric[];
}

/** Scores 0…100: at least `pass` passes, at least `marginal` is inconclusive, below fails. */
export interface Scoring {
  pass: number;
  marginal: number;
  /** weights of groups in percent; groups without one share the rest */
  groups: Record<string, number>;
}

/** A rate or quantile is compared against `stable × (1 + relative) + absolute`. */
export interface Margin {
  absolute: number;
  relative: number;
}

interface MetricBase {
  name: string;
  critical: boolean;
  /** measured and shown, never decides */
  dryRun: boolean;
}

/** A metric with running evidence: its share in the combined evidence of harm is weight / sum of weights. */
interface Weighted {
  weight: number;
}

/** A fixed-horizon test: `looks` equally spaced looks in each step, the last after `horizonMs` of measured time. */
export interface Looks {
  looks: number;
  horizonMs: number;
}

export type CountTest = { method: 'sequential' } | ({ method: 'twoProportionZ' | 'fisher' } & Looks);

export type SeriesTest = { method: 'kayenta' | 'welch' | 'mannWhitney' | 'kolmogorovSmirnov' } & Looks;

export interface ErrorRateMetric extends MetricBase, Weighted {
  type: 'errorRate';
  /** name of a preset, or "auto" = the preset of the provider in use; absent if queries are given */
  preset?: string;
  /** PromQL templates of cumulative counters (no rate/increase): `{{canary}}`-style variables, see analysis/measure */
  queries?: { canary: ErrorRateQueries; stable: ErrorRateQueries };
  /** harm: exceeding this is a failure; defaults relative .10, absolute 1e-4 */
  harmMargin: Margin;
  /** safe: staying below this is a pass; defaults relative .50, absolute 1e-3 */
  safeMargin: Margin;
  /** sequential is safe to look at after every window; the others are not safe to peek */
  test: CountTest;
  /** a rate of the canary that is never acceptable, whatever stable does; absent: none */
  ceiling?: number;
}

export interface ErrorRateQueries {
  bad: string;
  total: string;
}

/**
 * Requests slower than what stable's quantiles were: compared are the shares of requests slower than u (stable) and
 * u × (1 + relative) (canary); `absolute` is a share of requests, not a duration.
 */
export interface LatencyMetric extends MetricBase, Weighted {
  type: 'latency';
  preset?: string;
  queries?: { canary: LatencyQueries; stable: LatencyQueries };
  /** 0…1, ascending */
  quantiles: number[];
  /** defaults relative .10, absolute 2e-4 */
  harmMargin: Margin;
  /** defaults relative .25, absolute 2e-4 */
  safeMargin: Margin;
  /** buckets too coarse to prove it safe never pass; otherwise they pass as "no harm detected" */
  requireProof: boolean;
}

export interface LatencyQueries {
  /** PromQL of a histogram: the selector of its _bucket series (classic), or of the histogram itself (native) */
  buckets: string;
}

/** One value per window and arm, compared at fixed looks. */
export interface SeriesMetric extends MetricBase {
  type: 'series';
  query: string;
  /** absent: `query` with the variables of the stable arm */
  stableQuery?: string;
  /** which way is harm */
  direction: 'increase' | 'decrease' | 'either';
  nan: 'remove' | 'zero';
  test: SeriesTest;
  /** of the kayenta method only */
  kayenta: KayentaSettings;
}

export interface KayentaSettings {
  /** outliers beyond so many interquartile ranges are dropped; absent: kept */
  outlierFactor?: number;
  /** confidence of the interval for the shift, 0…1 */
  confidence: number;
  /** the interval must lie beyond this share of the estimated shift */
  tolerance: number;
  effect: {
    measure: 'meanRatio' | 'cles';
    allowedIncrease: number;
    allowedDecrease: number;
    criticalIncrease: number;
    criticalDecrease: number;
  };
  mustHaveData: boolean;
  /** groups of the score it counts in; [] = none */
  groups: string[];
  /** "kayenta": bit by bit, known defects included */
  compat: 'none' | 'kayenta';
}

export interface ThresholdMetric extends MetricBase {
  type: 'threshold';
  query: string;
  /** asked for the stable arm as well if it is named in an expression */
  stableQuery?: string;
  /** mathjs expressions over `value`, `canary`, `stable`; absent success = "not failure" */
  success?: string;
  failure?: string;
  /** so many failures are forgiven */
  failureLimit: number;
  /** "consecutive": a success forgives all failures before it; "total": over the whole release, as Flagger and Argo Rollouts count */
  counting: 'consecutive' | 'total';
  /** after more measurements than this in a row without data the metric fails; absent: missing data never fails */
  consecutiveErrorLimit?: number;
  inconclusiveLimit: number;
  nan: 'inconclusive' | 'zero' | 'fail';
}

export type Metric = ErrorRateMetric | LatencyMetric | SeriesMetric | ThresholdMetric;

/** A template bound to the arguments a policy gave it. */
export interface BoundTemplate {
  use: AnalysisUse;
  template: AnalysisTemplate;
  /** it lies in the controller's namespace, or is built in: no tenant wrote it */
  shared?: true;
  /** which of its metrics may read only series with this label */
  fence?: Fence;
}

export interface Fence {
  label: string;
  value: string;
  /** names */
  metrics: string[];
}
