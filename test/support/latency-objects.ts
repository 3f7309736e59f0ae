import type { Histogram, Measurement } from '../../api/analysis.ts';
import type { LatencyMetric } from '../../api/kinds/template/kinds/latency.ts';
import type { Evaluation } from '../../analysis/judge/core/evaluation.ts';
import { judgeLatency } from '../../analysis/judge/latency/latency.ts';
import { boundTo, windowAt } from './judge-objects.ts';

/** Builders for the tests of latency. */

export function latency(change: Partial<LatencyMetric> = {}): LatencyMetric {
  return {
    type: 'latency',
    name: 'latency',
    critical: true,
    dryRun: false,
    weight: 1,
    quantiles: [0.5, 0.95, 0.99],
    harmMargin: { relative: 0.1, absolute: 2e-4 },
    safeMargin: { relative: 0.25, absolute: 2e-4 },
    requireProof: false,
    ...change,
  };
}

export const CLASSIC = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Eight buckets for each factor of two, with the digits that a measurement has. */
export const FINE = Array.from({ length: 60 }, (_, i) => Number((2 ** ((i - 48) / 8)).toPrecision(8)));

/** `requests` with log-logistic durations around `median`, spread evenly over their distribution. */
export function histogram(requests: number, median: number, bounds: readonly number[] = FINE): Histogram {
  const below = bounds.map((bound) => requests / (1 + (bound / median) ** -3));
  const counts = [...below, requests].map((upTo, i) => upTo - (below[i - 1] ?? 0));
  return { layout: bounds === FINE ? 'native' : 'classic', bounds: [...bounds], counts };
}

export type Measured = Extract<Measurement, { outcome: 'ok'; kind: 'histograms' }>;

export function slow(canary: Histogram, stable: Histogram, change: Partial<Measured> = {}): Measured {
  return {
    metric: 'http/latency',
    window: windowAt(0),
    outcome: 'ok',
    kind: 'histograms',
    canary,
    stable,
    ...change,
  };
}

/** The evaluations, one window after another. */
export function judgeLatencies(
  metric: LatencyMetric,
  measurements: readonly (Measurement | undefined)[],
  { previous, nextWeight }: { previous?: Evaluation; nextWeight?: number } = {},
): Evaluation[] {
  const evaluations: Evaluation[] = [];
  for (const [i, measurement] of measurements.entries()) {
    evaluations.push(
      judgeLatency(
        {
          bound: { key: 'http/latency', metric, bound: boundTo([metric]) },
          previous: (evaluations.at(-1) ?? previous)?.state,
          measurement,
          window: windowAt(i),
          nextWeight,
          steps: 1,
          alone: false,
          sticky: false,
        },
        metric,
      ),
    );
  }
  return evaluations;
}
