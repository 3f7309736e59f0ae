import { kindOfMetric } from '../../analysis/judge/kinds.ts';
import { formatDuration } from '../../lib/duration.ts';
import { ladderOf } from '../../api/ladder.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { PROVIDERS } from '../../providers/index.ts';
import { BY_ROUTES } from '../../providers/shared/steering.ts';
import { formatStep } from '../format/splitting.ts';

/** How a release would go, step by step. */
export interface Course {
  steps: CourseStep[];
  /** a release cannot end sooner, whatever the evidence says */
  leastMs: number;
  /** how often it waits until a human resumes it */
  humans: number;
}

export interface CourseStep {
  /** which users meet the new version */
  who: string;
  minDurationMs: number;
  maxDurationMs: number;
  /** absent: none; a number: milliseconds; human: until someone resumes */
  pause?: number | 'human';
  /** canary pods */
  pods: number;
}

export function courseOf(policy: ReleasePolicy, provider: string, stable: number): Course {
  const { steering = BY_ROUTES } = Object.values(PROVIDERS).find(({ name }) => name === provider) ?? {};
  const steps = ladderOf(policy).map((step): CourseStep => {
    const { minDurationMs, maxDurationMs, pause } = step;
    return {
      who: formatStep(policy, step),
      minDurationMs,
      maxDurationMs,
      ...(pause === false ? {} : { pause: pause === true ? 'human' : pause }),
      pods: steering.podsFor(step, stable),
    };
  });
  const rests = steps.map(({ pause }) => (typeof pause === 'number' ? pause : 0));
  return {
    steps,
    leastMs: steps.reduce((sum, { minDurationMs }, i) => sum + minDurationMs + (rests[i] ?? 0), 0),
    humans: steps.filter(({ pause }) => pause === 'human').length,
  };
}

export function stepText({ who, minDurationMs, maxDurationMs, pause, pods }: CourseStep): string {
  const parts = [
    `${formatDuration(minDurationMs)} to ${formatDuration(maxDurationMs)}`,
    ...(pause === undefined
      ? []
      : [pause === 'human' ? 'then a human resumes it' : `then ${formatDuration(pause)} of rest`]),
    `${pods} canary pod${pods === 1 ? '' : 's'}`,
  ];
  return `${who}: ${parts.join(', ')}`;
}

export function lengthText({ leastMs, humans }: Course): string {
  const waits =
    humans === 0
      ? ''
      : `, and as long as it takes a human to resume it ${humans === 1 ? 'once' : `${humans} times`}`;
  return `at least ${formatDuration(leastMs)}${waits}; a step ends as soon after its minimum as the evidence allows`;
}

/** A later step that sends fewer requests than the one before it is more often a mistake than intended. */
export function fallingWeights(policy: ReleasePolicy): string | undefined {
  const weights = policy.steps.map(({ weight }) => weight);
  const at = weights.findIndex((weight, i) => weight < (weights[i - 1] ?? 0));
  if (at === -1) return undefined;
  return `The weights go down from ${weights[at - 1]}% to ${weights[at]}% (step ${at} to ${at + 1}); if that is a slip, sort spec.steps.`;
}

/** A week: a canary that cannot be judged should not keep its share for longer without someone looking at it. */
const LONG_MS = 7 * 24 * 3_600_000;

export function longSteps(policy: ReleasePolicy): string | undefined {
  const at = policy.steps.findIndex(({ maxDurationMs }) => maxDurationMs > LONG_MS);
  const long = policy.steps[at];
  if (long === undefined) return undefined;
  return `Step ${at + 1} may last ${Math.round(long.maxDurationMs / LONG_MS)} weeks without a conclusion before anything happens; if that is a slip, shorten maxDuration.`;
}

/** What each template measures, and how. */
export function analysisTexts(templates: readonly BoundTemplate[]): string[] {
  return templates.map(({ use, template }) => {
    const metrics = template.metrics.map(metricText).join(', ');
    return `${use.template}, every ${formatDuration(template.intervalMs)}: ${metrics}`;
  });
}

function metricText(metric: Metric): string {
  const marks = [
    kindOfMetric(metric).title,
    ...('preset' in metric ? [`preset ${metric.preset}`] : []),
    ...(metric.critical ? [] : ['not critical']),
    ...(metric.dryRun ? ['dry run'] : []),
  ];
  return `${metric.name} (${marks.join(', ')})`;
}
