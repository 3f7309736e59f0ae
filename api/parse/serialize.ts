import { formatDuration } from '../../lib/duration.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { AnalysisUse, Match, Mirror, ReleasePolicy, Step, Stickiness } from '../policy.ts';
import type { AnalysisTemplate } from '../template.ts';
import { writeMetric } from './metric.ts';

/** The wire form with every field written out, so that later changes of defaults change no stored Release. */
export function serializePolicy(policy: ReleasePolicy): JsonObject {
  const {
    settleMs,
    warmupMs,
    blindMs,
    drainMs,
    bakeMs,
    steps,
    analysis,
    match,
    mirror,
    stickiness,
    ...same
  } = policy;
  const blueGreen = policy.strategy === 'blueGreen';
  return {
    ...same,
    ...(blueGreen ? { bake: formatDuration(bakeMs) } : { steps: steps.map(serializeStep) }),
    analysis: analysis.map(serializeUse),
    warmup: formatDuration(warmupMs),
    blind: formatDuration(blindMs),
    drain: formatDuration(drainMs),
    ...(settleMs === undefined ? {} : { settle: formatDuration(settleMs) }),
    ...(match === undefined ? {} : { match: serializeMatch(match) }),
    ...(mirror === undefined ? {} : { mirror: serializeMirror(mirror) }),
    ...(stickiness === undefined ? {} : { stickiness: serializeStickiness(stickiness) }),
  };
}

function serializeMatch({ headers, cookies }: Match): JsonObject {
  return {
    headers: headers.map(({ name, value, regex }) => ({ name, [regex === true ? 'regex' : 'exact']: value })),
    cookies: cookies.map(({ name, value }) => ({ name, exact: value })),
  };
}

function serializeMirror({ percent, minDurationMs, maxDurationMs }: Mirror): JsonObject {
  return {
    percent,
    minDuration: formatDuration(minDurationMs),
    maxDuration: formatDuration(maxDurationMs),
  };
}

function serializeStickiness({ cookie, maxAgeMs }: Stickiness): JsonObject {
  return { cookie, maxAge: formatDuration(maxAgeMs) };
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
