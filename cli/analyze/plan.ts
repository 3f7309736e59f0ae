import { parseDuration } from '../../lib/duration.ts';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import { MAX_STEPS, step } from '../../api/kinds/policy/step.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import { formatIssue } from '../../lib/result.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { plannedSteps, type Plan, type PlannedStep } from '../../analysis/replay/ladder.ts';
import { unreachableLooks } from '../../release/facts/horizons.ts';
import { UsageError } from '../io.ts';

/** Flags that say what a ReleasePolicy would. */
export interface PlanFlags {
  /** "5,25,50" */
  steps?: string;
  minDuration?: string;
  maxDuration?: string;
  onInconclusive?: ReleasePolicy['onInconclusive'];
}

export function readPlan(template: BoundTemplate, flags: PlanFlags): Plan {
  const minDurationMs = readDuration('--min-duration', flags.minDuration);
  const maxDurationMs = readDuration('--max-duration', flags.maxDuration);
  const durations = {
    ...(minDurationMs === undefined ? {} : { minDurationMs }),
    ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
  };
  const weights = flags.steps === undefined ? undefined : readWeights(flags.steps);
  const steps = (weights ?? [0]).map((weight) => step({ weight, ...durations }));
  if (steps.some((one) => one.maxDurationMs < one.minDurationMs)) {
    throw new UsageError(
      `--max-duration: "${flags.maxDuration ?? ''}" is shorter than --min-duration; give a longer one`,
    );
  }
  const onInconclusive = flags.onInconclusive ?? 'extend';
  const policy = { ...defaultPolicy(), steps, onInconclusive };
  const late = unreachableLooks(policy, [template]);
  if (late.length > 0) throw new UsageError(late.map(formatIssue).join('\nsluice: '));
  const planned = plannedSteps(policy);
  return { templates: [template], steps: weights === undefined ? planned.map(withoutWeight) : planned };
}

/** Whose ladder nobody told us: one step, then the promotion. */
function withoutWeight(planned: PlannedStep): PlannedStep {
  const step = { ...planned, quiet: false };
  delete step.weight;
  return step;
}

function readWeights(text: string): number[] {
  const weights = text.split(',').map((part) => (/^\s*\d{1,2}\s*$/.test(part) ? Number(part) : 0));
  if (weights.some((weight) => weight < 1) || weights.length > MAX_STEPS) {
    const remedy = `give 1 to ${MAX_STEPS} whole numbers from 1 to 99, like 5,25,50`;
    throw new UsageError(`--steps: "${text}" is not a list of weights; ${remedy}`);
  }
  if (new Set(weights).size === weights.length) return weights;
  throw new UsageError(`--steps: "${text}" has a weight twice; give each once`);
}

function readDuration(flag: string, text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && ms === undefined) {
    throw new UsageError(`${flag}: "${text}" is not a duration; give one like 2m or 1h30m`);
  }
  return ms;
}
