import type { AnalysisState, Measurement, Verdict, Window } from '../../api/analysis.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { ReleasePolicy, Step } from '../../api/policy.ts';
import type { Reason } from '../../api/reasons.ts';
import { REASON } from '../../api/reasons.ts';
import type { BoundTemplate } from '../../api/template.ts';
import { judgeWindow, startStep } from '../judge/core/judge.ts';

/** What a release does between its windows, without a cluster: it climbs, goes back, or waits. */
export interface Plan {
  templates: readonly BoundTemplate[];
  /** at least one */
  steps: readonly PlannedStep[];
  onInconclusive: ReleasePolicy['onInconclusive'];
}

/** A step without a weight is a release whose ladder nobody told us: one step, then the promotion. */
export type PlannedStep = Pick<Step, 'minDurationMs' | 'maxDurationMs'> & { weight?: number };

/** Where a release stands. */
export interface Ladder {
  /** of the step, from 0 */
  index: number;
  /** begin of the step's first window; absent before it */
  sinceMs?: number;
  state: AnalysisState;
}

export interface Conclusion {
  /** human: the time is up, and only a later pass or a human lets the release go on */
  to: 'stay' | 'human' | 'next' | 'promote' | 'rollback';
  reason: string;
  sentence: string;
}

export interface Judged {
  ladder: Ladder;
  verdict: Verdict;
  conclusion: Conclusion;
}

export function startLadder(): Ladder {
  return { index: 0, state: startStep(undefined, 0) };
}

/** The begin of another step: evidence of harm is kept, evidence of safety begins anew where the template says so. */
export function moveTo(ladder: Ladder, plan: Plan, index: number): Ladder {
  return { index, state: startStep(ladder.state, index, plan.templates) };
}

/** One closed window, by the judge the controller uses; the caller moves on where the conclusion says `next`. */
export function climb(
  ladder: Ladder,
  plan: Plan,
  { window, measurements }: { window: Window; measurements: readonly Measurement[] },
): Judged {
  const { state, verdict } = judgeWindow(ladder.state, {
    templates: plan.templates,
    measurements,
    window,
    nextWeight: plan.steps[ladder.index + 1]?.weight ?? 100,
    steps: plan.steps.length,
  });
  const sinceMs = ladder.sinceMs ?? window.startMs;
  const conclusion = conclude(plan, ladder.index, { verdict, elapsedMs: window.endMs - sinceMs });
  return { ladder: { index: ladder.index, sinceMs, state }, verdict, conclusion };
}

interface Now {
  verdict: Verdict;
  elapsedMs: number;
}

function conclude(plan: Plan, index: number, now: Now): Conclusion {
  const { verdict, elapsedMs } = now;
  const step = plan.steps[index] ?? { minDurationMs: 0, maxDurationMs: 0 };
  const { reason, sentence } = verdict;
  if (verdict.result === 'fail') return { to: 'rollback', reason, sentence };
  if (verdict.result !== 'pass') return unproven(plan, index, { ...now, maxMs: step.maxDurationMs });
  if (elapsedMs < step.minDurationMs) {
    const lasts = `No harm shown; the step lasts at least ${formatDuration(step.minDurationMs)}.`;
    return { to: 'stay', reason: REASON.MinimumDuration, sentence: lasts };
  }
  return onwards(plan, index, REASON.StepPassed, sentence);
}

/** Neither pass nor fail: more data, and what the policy says when the time is up. */
function unproven(
  plan: Plan,
  index: number,
  { verdict, elapsedMs, maxMs }: Now & { maxMs: number },
): Conclusion {
  const { onInconclusive } = plan;
  const limitMs = onInconclusive === 'extend' ? 2 * maxMs : maxMs;
  if (elapsedMs < limitMs) return { to: 'stay', reason: verdict.reason, sentence: verdict.sentence };
  const reason = REASON.Inconclusive;
  const sentence = `No conclusion after ${formatDuration(limitMs)}: ${verdict.sentence}`;
  if (onInconclusive === 'promote' && verdict.tolerable === true)
    return onwards(plan, index, reason, sentence);
  return { to: onInconclusive === 'rollback' ? 'rollback' : 'human', reason, sentence };
}

function onwards(plan: Plan, index: number, reason: Reason, sentence: string): Conclusion {
  if (index + 1 < plan.steps.length) return { to: 'next', reason, sentence };
  return { to: 'promote', reason: reason === REASON.StepPassed ? REASON.AllStepsPassed : reason, sentence };
}
