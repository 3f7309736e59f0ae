import type { Measurement, Window } from '../../../api/analysis.ts';
import type { MetricState, MetricVerdict, Verdict } from '../../../api/kinds/release/verdict.ts';
import type { BoundMetric } from '../../../api/bound.ts';

/** What one metric, or several judged as one, says after a window. */
export interface Opinion {
  verdict: MetricVerdict;
  /** this window brought nothing usable */
  missing: boolean;
  /** ln of the harm evidence over its bar (metrics with running evidence only); ≥ 0 is harm on its own */
  harm?: number;
  /** only the canary answers mostly errors: no statistics are needed */
  broken?: boolean;
  /** it failed in a way that ends the release if the metric is critical, whatever other metrics say */
  stops?: boolean;
  /** what was seen lies inside the safe margin; for metrics without such a margin: it did not fail. Absent: no */
  tolerable?: boolean;
  /** harm beyond the template's bar, but not beyond the raised one of a metric without calibration */
  suspected?: boolean;
  /** its stored statistics could not be read, and no human has looked yet */
  unread?: boolean;
}

/** What is known of one metric after a window: its running statistics and what they say. */
export interface Evaluation extends Opinion {
  state: MetricState;
}

/** The input of one metric's judge. */
export interface MetricInput {
  bound: BoundMetric;
  previous: MetricState | undefined;
  measurement: Measurement | undefined;
  window: Window;
  /** percent of the requests that the canary would get next; undefined if not known */
  nextWeight: number | undefined;
  /** steps the release has, over which methods with a fixed number of looks share their risk */
  steps: number;
  /** all requests go to the canary */
  alone: boolean;
  /** users stay with one version: the requests of one user are one piece of evidence, not many */
  sticky: boolean;
}

/** The verdict on this metric. */
export function named(
  { bound: { key, metric } }: Pick<MetricInput, 'bound'>,
  verdict: Verdict,
): MetricVerdict {
  return { metric: key, critical: metric.critical, dryRun: metric.dryRun, ...verdict };
}
