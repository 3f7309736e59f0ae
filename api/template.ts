import type { AnalysisUse } from './policy.ts';

/** AnalysisTemplate: what is measured and how it is judged. Parsed, defaulted form; durations are milliseconds. */
export interface AnalysisTemplate {
  args: { name: string; value?: string }[];
  /** time between two measurements = length of one closed window */
  intervalMs: number;
  /** name of a configured Prometheus end point; "default" if absent */
  prometheus: string;
  /** alpha: probability of rolling back an acceptable canary; beta: of promoting a harmful one */
  risk: { harm: number; safe: number };
  metrics: Metric[];
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

export interface ErrorRateMetric extends MetricBase {
  type: 'errorRate';
  /** name of a preset, or "auto" = the preset of the provider in use; absent if queries are given */
  preset?: string;
  /** PromQL templates of cumulative counters (no rate/increase): `{{canary}}`-style variables, see analysis/measure */
  queries?: { canary: ErrorRateQueries; stable: ErrorRateQueries };
  /** harm: exceeding this is a failure; defaults relative .10, absolute 1e-4 */
  harmMargin: Margin;
  /** safe: staying below this is a pass; defaults relative .50, absolute 1e-3 */
  safeMargin: Margin;
}

export interface ErrorRateQueries {
  bad: string;
  total: string;
}

export interface ThresholdMetric extends MetricBase {
  type: 'threshold';
  query: string;
  /** asked for the stable arm as well if it is named in an expression */
  stableQuery?: string;
  /** mathjs expressions over `value`, `canary`, `stable`; absent success = "not failure" */
  success?: string;
  failure?: string;
  failureLimit: number;
  inconclusiveLimit: number;
  nan: 'inconclusive' | 'zero' | 'fail';
}

export type Metric = ErrorRateMetric | ThresholdMetric;

/** A template bound to the arguments a policy gave it. */
export interface BoundTemplate {
  use: AnalysisUse;
  template: AnalysisTemplate;
}
