import type { Reason } from '../../api/reasons.ts';
import type { AnalysisState, Verdict } from '../../api/kinds/release/verdict.ts';
import type { Measurement, Window } from '../../api/analysis.ts';
import { ladderOf } from '../../api/ladder.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import { REASON } from '../../api/reasons.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { judgeWindow, startStep } from '../judge/core/judge.ts';
import { concludeStep, type StepRules } from '../step/conclude.ts';
import { isSticky, reachAfter, rulesOf } from '../step/rules.ts';

/** What a release does between its windows, without a cluster: it moves up the ladder, rolls back, or waits. */
export interface Plan {
  templates: readonly BoundTemplate[];
  /** at least one */
  steps: readonly PlannedStep[];
}

/** A step of the policy, and where the release is once it passes. */
export interface PlannedStep extends StepRules {
  /** percent of users the canary reaches after it */
  nextWeight: number;
  /** users stay with one version */
  sticky: boolean;
}

/** Where a release stands. */
export interface Ladder {
  /** index of the step, from 0 */
  index: number;
  /** beginning of the step's first window; absent before it */
  sinceMs?: number;
  /** when the pause of the passed step began; absent: it has not begun */
  pausedAtMs?: number;
  state: AnalysisState;
}

export interface Conclusion {
  /** human: only a human can resume the release, or a later pass if nothing is proven yet */
  to: 'stay' | 'human' | 'next' | 'promote' | 'rollback';
  reason: Reason;
  sentence: string;
}

export interface Judged {
  ladder: Ladder;
  verdict: Verdict;
  conclusion: Conclusion;
}

/** The ladder of a policy. */
export const plannedSteps = (policy: ReleasePolicy): PlannedStep[] =>
  ladderOf(policy).map((step, i) => ({
    ...rulesOf(policy, step),
    nextWeight: reachAfter(policy, i),
    sticky: isSticky(policy),
  }));

export function startLadder(): Ladder {
  return { index: 0, state: startStep(undefined, 0) };
}

/** The beginning of another step: evidence of harm is kept, evidence of safety starts again where the template says so. */
export function moveTo(ladder: Ladder, plan: Plan, index: number): Ladder {
  return { index, state: startStep(ladder.state, index, plan.templates) };
}

/** One closed window, judged as the controller does; the caller moves on where the conclusion says `next`. */
export function climb(
  ladder: Ladder,
  plan: Plan,
  { window, measurements }: { window: Window; measurements: readonly Measurement[] },
): Judged {
  const step = plan.steps[ladder.index] ?? PASSED;
  const { state, verdict } = judgeWindow(ladder.state, {
    templates: plan.templates,
    measurements,
    window,
    nextWeight: step.nextWeight,
    steps: plan.steps.length,
    alone: step.weight === 100,
    sticky: step.sticky,
  });
  const { conclusion, ...times } = conclude(plan, ladder, { window, verdict });
  return { ladder: { index: ladder.index, ...times, state }, verdict, conclusion };
}

/** After the last step there is no next one. */
const PASSED: PlannedStep = {
  minDurationMs: 0,
  maxDurationMs: 0,
  pause: false,
  quiet: false,
  onInconclusive: 'wait',
  nextWeight: 100,
  sticky: false,
};

interface Seen {
  window: Window;
  verdict: Verdict;
}

/**
 * The conclusion about a step after a window, as the controller would have it: here every window is on time, and no human
 * intervenes.
 */
export function conclude(
  plan: Plan,
  { index, sinceMs: began, pausedAtMs: paused }: Omit<Ladder, 'state'>,
  { window, verdict }: Seen,
): Omit<Ladder, 'state' | 'index'> & { conclusion: Conclusion } {
  const sinceMs = began ?? window.startMs;
  const elapsedMs = window.endMs - sinceMs;
  const concluded = concludeStep(plan.steps[index] ?? PASSED, {
    verdict,
    current: true,
    elapsedMs,
    exposedMs: elapsedMs,
    measuredMs: elapsedMs,
    lateMs: 0,
    settlesInMs: 0,
    pausedMs: paused === undefined ? undefined : window.endMs - paused,
    human: { pauses: false, resumed: false },
  });
  const { to, said } = concluded;
  if (to === 'next') return { sinceMs, conclusion: onwards(plan, index, said) };
  if (to === 'rollback') return { sinceMs, conclusion: { to, ...said } };
  const { pausedMs } = concluded;
  const pausing = pausedMs === undefined ? {} : { pausedAtMs: window.endMs - pausedMs };
  return { sinceMs, ...pausing, conclusion: { to: concluded.human ? 'human' : 'stay', ...said } };
}

function onwards(plan: Plan, index: number, said: Omit<Conclusion, 'to'>): Conclusion {
  if (index + 1 < plan.steps.length) return { to: 'next', ...said };
  const passed = said.reason === REASON.StepPassed;
  return { ...said, to: 'promote', reason: passed ? REASON.AllStepsPassed : said.reason };
}
