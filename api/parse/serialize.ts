import { formatDuration } from '../duration.ts';
import type { Json, JsonObject } from '../kube.ts';
import type { AnalysisUse, ReleasePolicy, Step } from '../policy.ts';
import type { AnalysisTemplate } from '../template.ts';
import { writeMetric } from './metric.ts';

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
  const { scoring } = template;
  return {
    args: template.args.map((arg) => ({ ...arg })),
    interval: formatDuration(template.intervalMs),
    prometheus: template.prometheus,
    risk: { ...template.risk },
    safeEvidence: template.safeEvidence,
    ...(scoring === undefined ? {} : { scoring: { ...scoring, groups: { ...scoring.groups } } }),
    metrics: template.metrics.map(writeMetric),
  };
}
