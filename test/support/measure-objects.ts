import type { Measurement } from '../../api/analysis.ts';
import { endpointOver } from '../../analysis/measure/prometheus/endpoint.ts';
import type { AnalysisTemplate } from '../../api/kinds/template/template.ts';
import type { ErrorRateMetric } from '../../api/kinds/template/kinds/error-rate.ts';
import type { LatencyMetric } from '../../api/kinds/template/kinds/latency.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import type { SeriesMetric } from '../../api/kinds/template/kinds/series.ts';
import type { ThresholdMetric } from '../../api/kinds/template/kinds/threshold.ts';
import type { HistogramSample, Series } from '../../analysis/measure/prometheus/answer.ts';
import { measure } from '../../analysis/measure/measure.ts';
import type { PrometheusClient } from '../../analysis/measure/prometheus/client.ts';

export const WINDOW = { startMs: 100_000, endMs: 115_000 };

export const VARIABLES = {
  namespace: 'shop',
  target: 'web',
  stableService: 'web',
  canaryService: 'web-canary',
  stablePods: 'web-1,web-2',
  canaryPods: 'web-canary-1',
};

/** "a 95:5 110:8": instance a, value 5 at second 95, 8 at second 110. */
export function series(text: string): Series {
  const [instance = '', ...samples] = text.split(' ');
  return {
    labels: instance === '-' ? {} : { job: 'web', instance },
    samples: samples.map((sample) => {
      const [seconds, value] = sample.split(':').map(Number);
      return { timeMs: (seconds ?? NaN) * 1000, value: value ?? NaN };
    }),
  };
}

export function labelled(one: Series, labels: Record<string, string>): Series {
  return { ...one, labels: { ...one.labels, ...labels } };
}

/** `{ '0.1': '95:5 110:8', '+Inf': '95:6 110:9' }`: the _bucket series of one histogram. */
export function classic(
  instance: string,
  buckets: Record<string, string>,
  labels: Record<string, string> = {},
): Series[] {
  return Object.entries(buckets).map(([le, samples]) =>
    labelled(series(`${instance} ${samples}`), { ...labels, le }),
  );
}

/** `{ 95: [[0.5, 1, 7]] }`: 7 in (0.5, 1] at second 95. */
export function native(
  instance: string,
  samples: Record<number, [number, number, number][]>,
  labels: Record<string, string> = {},
): Series {
  const histograms = Object.entries(samples).map(([seconds, buckets]): HistogramSample => ({
    timeMs: Number(seconds) * 1000,
    buckets: buckets.map(([left, right, count]) => ({ left, right, count })),
  }));
  return { ...labelled(series(instance), labels), histograms };
}

export function template(metric: Metric): AnalysisTemplate {
  return {
    args: [{ name: 'path' }, { name: 'code', value: '5..' }],
    intervalMs: 15_000,
    prometheus: 'default',
    risk: { harm: 0.05, safe: 0.1 },
    safeEvidence: 'perStep',
    metrics: [metric],
  };
}

export interface Change {
  canaryPods?: string;
  calibrate?: boolean;
}

/** The measurement of one metric over the window. */
export async function measured(
  metric: Metric,
  client: PrometheusClient,
  { calibrate = false, ...change }: Change = {},
): Promise<Measurement> {
  const bound = { use: { template: 'http', args: { path: '/a"b' } }, template: template(metric) };
  const [only, ...more] = await measure(
    { window: WINDOW, calibrate, variables: { ...VARIABLES, ...change }, templates: [bound] },
    new Map([['prometheus/default', endpointOver(client)]]),
  );
  if (only === undefined || more.length > 0) throw new Error('not one measurement');
  return only;
}

/** Queries `time{s="web-canary"}` and `time{s="web"}` by default. */
export function latencyMetric(query = 'time{s="{{service}}"}'): LatencyMetric {
  return {
    type: 'latency',
    name: 'latency',
    weight: 1,
    critical: true,
    dryRun: false,
    queries: { canary: { buckets: query }, stable: { buckets: query } },
    quantiles: [0.5, 0.95, 0.99],
    harmMargin: { relative: 0.1, absolute: 2e-4 },
    safeMargin: { relative: 0.25, absolute: 2e-4 },
    requireProof: false,
  };
}

export function seriesMetric(): SeriesMetric {
  return {
    type: 'series',
    name: 'cpu',
    critical: false,
    dryRun: false,
    query: 'cpu{pod=~"{{pods}}"}',
    direction: 'increase',
    nan: 'remove',
    test: { method: 'mannWhitney', looks: 1, horizonMs: 600_000 },
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
    },
  };
}

export function errorRateMetric(): ErrorRateMetric {
  return {
    type: 'errorRate',
    weight: 1,
    test: { method: 'sequential' },
    name: 'errors',
    critical: true,
    dryRun: false,
    queries: {
      canary: { bad: 'bad{s="{{service}}"}', total: 'all{s="{{service}}"}' },
      stable: { bad: 'bad{s="{{service}}"}', total: 'all{s="{{service}}"}' },
    },
    harmMargin: { relative: 0.1, absolute: 1e-4 },
    safeMargin: { relative: 0.5, absolute: 1e-3 },
  };
}

export function thresholdMetric(): ThresholdMetric {
  return {
    type: 'threshold',
    name: 'latency',
    critical: true,
    dryRun: false,
    query: 'latency{pod=~"{{pods}}"}',
    success: 'value < 1',
    failureLimit: 0,
    counting: 'consecutive',
    inconclusiveLimit: 0,
    nan: 'inconclusive',
  };
}
