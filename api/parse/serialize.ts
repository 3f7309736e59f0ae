import { formatDuration } from '../duration.ts';
import type { Json, JsonObject } from '../kube.ts';
import type { AnalysisUse, ReleasePolicy, Step } from '../policy.ts';
import type { AnalysisTemplate, ErrorRateMetric, Metric, ThresholdMetric } from '../template.ts';

/** The wire form with every field written out, so that later changes of defaults change no stored Release. */
export function serializePolicy(policy: ReleasePolicy): JsonObject {
  const { settleMs, warmupMs, drainMs, steps, analysis, ...same } = policy;
  return {
    ...same,
    steps: steps.map(serializeStep),
    analysis: analysis.map(serializeUse),
    warmup: formatDuration(warmupMs),
    drain: formatDuration(drainMs),
    ...(settleMs === undefined ? {} : { settle: formatDuration(settleMs) }),
  };
}

function serializeStep(step: Step): Json {
  return {
    weight: step.weight,
    minDuration: formatDuration(step.minDurationMs),
    maxDuration: formatDuration(step.maxDurationMs),
    pause: typeof step.pause === 'number' ? formatDuration(step.pause) : step.pause,
    ...(step.canaryReplicas === undefined ? {} : { canaryReplicas: step.canaryReplicas }),
  };
}

export function serializeUse(use: AnalysisUse): JsonObject {
  return { template: use.template, args: { ...use.args } };
}

/** The wire form with every field written out. */
export function serializeTemplate(template: AnalysisTemplate): JsonObject {
  return {
    args: template.args.map((arg) => ({ ...arg })),
    interval: formatDuration(template.intervalMs),
    prometheus: template.prometheus,
    risk: { ...template.risk },
    metrics: template.metrics.map(serializeMetric),
  };
}

function serializeMetric(metric: Metric): Json {
  const { name, critical, dryRun } = metric;
  return { name, critical, dryRun, ...ownFields(metric) };
}

function ownFields(metric: Metric): JsonObject {
  switch (metric.type) {
    case 'errorRate':
      return serializeErrorRate(metric);
    case 'threshold':
      return serializeThreshold(metric);
    case 'latency':
    case 'series':
      throw new TypeError(`${metric.type} metrics cannot be parsed yet`);
  }
}

function serializeErrorRate(metric: ErrorRateMetric): JsonObject {
  const { queries } = metric;
  const source: JsonObject =
    queries === undefined
      ? { preset: metric.preset ?? 'auto' }
      : { canary: { ...queries.canary }, stable: { ...queries.stable } };
  return {
    errorRate: source,
    margin: { harm: { ...metric.harmMargin }, safe: { ...metric.safeMargin } },
  };
}

function serializeThreshold(metric: ThresholdMetric): JsonObject {
  const { query, stableQuery, success, failure, failureLimit, inconclusiveLimit, nan } = metric;
  return {
    threshold: {
      query,
      ...(stableQuery === undefined ? {} : { stableQuery }),
      ...(success === undefined ? {} : { success }),
      ...(failure === undefined ? {} : { failure }),
    },
    failureLimit,
    inconclusiveLimit,
    nan,
  };
}
