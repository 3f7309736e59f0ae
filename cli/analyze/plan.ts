import { parseDuration } from '../../lib/duration.ts';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import { MAX_STEPS, step } from '../../api/kinds/policy/step.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import { formatIssue } from '../../lib/result.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { plannedSteps, type Plan, type PlannedStep } from '../../analysis/replay/ladder.ts';
import { unreachableLooks } from '../../release/facts/horizons.ts';
import { UsageError } from '../io.ts';
import { loadPolicy, otherTemplates } from './policy.ts';
import { loadTemplate, type TemplateFlags } from './template.ts';

/** A policy, or flags that replace it. */
export interface PlanFlags {
  /** a file with a ReleasePolicy */
  policy?: string;
  /** "5,25,50" */
  steps?: string;
  minDuration?: string;
  maxDuration?: string;
  onInconclusive?: ReleasePolicy['onInconclusive'];
}

/** The steps of a release. */
export interface Course {
  policy: ReleasePolicy;
  /** no flag and no policy says which steps there are */
  oneStep: boolean;
}

/** What is judged, and in which steps. */
export interface Rules extends Course {
  template: BoundTemplate;
  /** what the reader may not have meant */
  notes: string[];
}

/** Template and policy of the flags; `steps`: used if neither says which steps there are. */
export function readRules(flags: TemplateFlags & PlanFlags, steps?: string): Rules {
  if (flags.policy === undefined) {
    const template = loadTemplate(flags);
    return { template, ...courseOf({ ...(steps === undefined ? {} : { steps }), ...flags }), notes: [] };
  }
  refuseBoth(flags);
  const loaded = loadPolicy(flags.policy);
  const template = loadTemplate(flags, loaded.policy.analysis);
  const notes = otherTemplates(loaded, template.use.template);
  return { template, policy: loaded.policy, oneStep: false, notes };
}

/** Refuses --policy together with these flags: one of them would have to be ignored. */
function refuseBoth({ steps, minDuration, maxDuration, onInconclusive }: PlanFlags): void {
  const said = {
    '--steps': steps,
    '--min-duration': minDuration,
    '--max-duration': maxDuration,
    '--on-inconclusive': onInconclusive,
  };
  for (const [flag, value] of Object.entries(said)) {
    if (value === undefined) continue;
    throw new UsageError(`${flag}: "${value}" cannot be given with --policy, which says it; leave out one`);
  }
}

export function planFor({ policy, oneStep }: Course, template: BoundTemplate): Plan {
  const late = unreachableLooks(policy, [template]);
  if (late.length > 0) throw new UsageError(late.map(formatIssue).join('\nsluice: '));
  const steps = plannedSteps(policy);
  return { templates: [template], steps: oneStep ? steps.map(withoutWeight) : steps };
}

/** The steps that the flags other than --policy describe. */
export function courseOf(flags: PlanFlags): Course {
  const minDurationMs = readDuration('--min-duration', flags.minDuration);
  const maxDurationMs = readDuration('--max-duration', flags.maxDuration);
  const durations = {
    ...(minDurationMs === undefined ? {} : { minDurationMs }),
    ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
  };
  const weights = flags.steps === undefined ? [0] : readWeights(flags.steps);
  const steps = weights.map((weight) => step({ weight, ...durations }));
  if (steps.some((one) => one.maxDurationMs < one.minDurationMs)) {
    throw new UsageError(
      `--max-duration: "${flags.maxDuration ?? ''}" is shorter than --min-duration; give a longer one`,
    );
  }
  const policy = { ...defaultPolicy(), steps, onInconclusive: flags.onInconclusive ?? 'extend' };
  return { policy, oneStep: flags.steps === undefined };
}

/** A ladder that is not known: one step, then the promotion. */
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
