import type { AnalysisState, Verdict } from '../../api/kinds/release/verdict.ts';
import type { BadOutcome, Measurement, Window } from '../../api/analysis.ts';
import type { AnalysisTemplate } from '../../api/kinds/template/template.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import type { ErrorRateMetric } from '../../api/kinds/template/kinds/error-rate.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import type { SeriesMetric } from '../../api/kinds/template/kinds/series.ts';
import type { ThresholdMetric } from '../../api/kinds/template/kinds/threshold.ts';

import { judgeWindow, startStep } from '../../analysis/judge/core/judge.ts';

/** Builders for the tests of this room. */

const START = 1_700_000_000_000;

/** The i-th closed window of 15 s. */
export function windowAt(i: number): Window {
  return { startMs: START + i * 15_000, endMs: START + (i + 1) * 15_000 };
}

export function errorRate(change: Partial<ErrorRateMetric> = {}): ErrorRateMetric {
  return {
    type: 'errorRate',
    name: 'errors',
    critical: true,
    dryRun: false,
    weight: 1,
    test: { method: 'sequential' },
    harmMargin: { relative: 0.1, absolute: 1e-4 },
    safeMargin: { relative: 0.5, absolute: 1e-3 },
    ...change,
  };
}

export function threshold(change: Partial<ThresholdMetric> = {}): ThresholdMetric {
  return {
    type: 'threshold',
    name: 'latency',
    critical: true,
    dryRun: false,
    query: 'latency',
    failure: 'value > 1',
    failureLimit: 0,
    counting: 'consecutive',
    inconclusiveLimit: 3,
    nan: 'inconclusive',
    ...change,
  };
}

/** Two looks, after one and after two minutes: at the 4th and the 8th window. */
export function series({
  method = 'kayenta',
  kayenta = {},
  ...change
}: Partial<Omit<SeriesMetric, 'kayenta'>> & {
  method?: SeriesMetric['test']['method'];
  kayenta?: Partial<SeriesMetric['kayenta']>;
} = {}): SeriesMetric {
  return {
    type: 'series',
    name: 'load',
    critical: true,
    dryRun: false,
    query: 'load',
    direction: 'increase',
    nan: 'remove',
    test: { method, looks: 2, horizonMs: 120_000 },
    kayenta: {
      confidence: 0.98,
      tolerance: 0.25,
      effect: {
        measure: 'meanRatio',
        allowedIncrease: 1,
        allowedDecrease: 1,
        criticalIncrease: 1,
        criticalDecrease: 1,
      },
      mustHaveData: false,
      groups: [],
      compat: 'none',
      ...kayenta,
    },
    ...change,
  };
}

export function boundTo(metrics: Metric[], change: Partial<AnalysisTemplate> = {}): BoundTemplate {
  return {
    use: { template: 'http', args: {} },
    template: {
      args: [],
      intervalMs: 15_000,
      prometheus: 'default',
      risk: { harm: 0.05, safe: 0.1 },
      safeEvidence: 'perStep',
      metrics,
      ...change,
    },
  };
}

/** "2/150 20/2850": bad/total of the canary, then of stable. */
export function rates(text: string, i: number, metric = 'errors'): Measurement {
  const [canary, stable] = text.split(' ').map((arm) => {
    const [bad = NaN, total = NaN] = arm.split('/').map(Number);
    return { bad, total };
  });
  if (canary === undefined || stable === undefined) throw new Error(`not two arms: ${text}`);
  return { metric, window: windowAt(i), outcome: 'ok', kind: 'counts', canary, stable };
}

export function value(canary: number, i: number, stable?: number): Measurement {
  const base = { metric: 'latency', window: windowAt(i), outcome: 'ok', kind: 'numbers', canary } as const;
  return stable === undefined ? base : { ...base, stable };
}

/** One value of the canary and one of stable. */
export function pair(canary: number, stable: number, i: number, metric = 'load'): Measurement {
  return { metric, window: windowAt(i), outcome: 'ok', kind: 'numbers', canary, stable };
}

export interface Course {
  state: AnalysisState;
  verdicts: Verdict[];
}

/** Judges one list of measurements for each window, one window after another. */
export function judgeAll(
  metrics: Metric[],
  windows: Measurement[][],
  from = startStep(undefined, 0),
  nextWeight?: number,
): Course {
  return judgeBound(boundTo(metrics), windows, from, nextWeight);
}

export function judgeBound(
  template: BoundTemplate,
  windows: Measurement[][],
  from = startStep(undefined, 0),
  nextWeight?: number,
): Course {
  const verdicts: Verdict[] = [];
  let state = from;
  for (const measurements of windows) {
    const start = state.measuredUntilMs ?? windowAt(0).startMs;
    const window = { startMs: start, endMs: start + 15_000 };
    const judged = judgeWindow(state, {
      templates: [template],
      measurements,
      window,
      ...(nextWeight === undefined ? {} : { nextWeight }),
    });
    state = judged.state;
    verdicts.push(judged.verdict);
  }
  return { state, verdicts };
}

/** The first letter of each result: "iip". */
export function results(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ result }) => result[0]).join('');
}

export const times = <T>(n: number, make: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));
export const missing = (outcome: BadOutcome): Measurement => ({
  metric: 'errors',
  window: windowAt(0),
  outcome,
  sentence: 'nothing came back',
});
