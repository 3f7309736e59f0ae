import type { Verdict } from '../../api/analysis.ts';
import type { TrafficShare } from '../../api/release.ts';
import { REASON } from '../../api/reasons.ts';
import { lookedAt, startStep } from '../../analysis/judge/core/judge.ts';
import { ANNOTATION } from '../../api/names.ts';
import { formatDuration } from '../../lib/duration.ts';
import { isNothing, splitText } from '../../api/split.ts';
import { timeOf } from '../facts/workload.ts';
import type { Answer } from '../model.ts';
import type { Said, StatusChange } from '../status/next.ts';
import { event } from '../actions.ts';
import { answerFor, AT_ONCE } from '../answer.ts';
import { askedIn } from '../plan/asked.ts';
import { promote } from '../plan/promote.ts';
import { withdraw } from '../rules/exit/withdraw.ts';
import { settledFromMs } from '../live/window.ts';
import { holdsBaking, wellBaked, withheldAfterBake } from './bake.ts';
import { whoChanged } from './contested.ts';
import { starved, starvedFor } from './share.ts';
import type { StepFacts } from './stage.ts';
import { drifted } from './weight-stages.ts';

/** What a step comes to, by its newest verdict, its durations, its pause and the human's intent. */
type Conclusion =
  | { to: 'next'; said: Said }
  | { to: 'rollback'; said: Said }
  | { to: 'wait'; said: Said; human: boolean; again?: number; pausedAt?: string };

/** The end of every pass of a step: it goes on, back, or waits while the next window is measured. */
export function onConclusion(s: StepFacts): Answer {
  const conclusion = conclude(s);
  const { analysis, verdict, share } = s.status;
  const numbers = verdict === undefined ? {} : { numbers: verdict.numbers };
  const kept: StatusChange = { analysis, verdict, share };
  const said = { ...conclusion.said, ...numbers };
  switch (conclusion.to) {
    case 'next':
      return advance(s, said, kept);
    case 'rollback':
      return withdraw(s.facts, s.release, { ...said, change: kept });
    case 'wait':
      return waiting(s, { ...conclusion, said }, kept);
  }
}

function conclude(s: StepFacts): Conclusion {
  const { nowMs } = s.facts;
  const observedMs = timeOf(s.status.weightObservedAt, nowMs);
  const elapsedMs = nowMs - observedMs;
  const exposedMs = nowMs - timeOf(s.status.stepExposedAt, observedMs);
  const { intent } = s.release.spec;
  if (intent === 'Pause') return human(REASON.PausedByHuman, 'A human paused the release; analysis goes on.');
  if (drifted(s)) {
    const sentence = `${whoChanged(s)}; ${splitText(s.split)} is written again once a window without harm has been measured.`;
    return { to: 'wait', said: { reason: REASON.RouteContested, sentence }, human: false };
  }
  if (exposedMs < limitOf(s) && nowMs < settledFromMs(s)) return settling(s);
  const share = resumed(s) ? undefined : starved(s);
  if (share !== undefined) return refuted(s, share, exposedMs);
  if (!proven(s)) return unproven(s, { elapsedMs, exposedMs });
  if (elapsedMs < s.step.minDurationMs) {
    const sentence = `No harm shown; the step lasts at least ${formatDuration(s.step.minDurationMs)}.`;
    const again = s.step.minDurationMs - elapsedMs;
    return { to: 'wait', said: { reason: REASON.MinimumDuration, sentence }, human: false, again };
  }
  const measured = s.status.verdict?.sentence ?? '';
  const sentence = s.split.weight === 100 ? wellBaked(s, measured) : measured;
  return paused(s) ?? { to: 'next', said: { reason: REASON.StepPassed, sentence } };
}

/** The back end is given time to follow the weight. */
function settling(s: StepFacts): Conclusion {
  const sentence = 'The weight is observed; the back end is given time to follow it.';
  const again = settledFromMs(s) - s.facts.nowMs;
  return { to: 'wait', said: { reason: REASON.Settling, sentence }, human: false, again };
}

/** Whatever was proven was not proven of this weight: more data, then a human. */
function refuted(s: StepFacts, share: TrafficShare, exposedMs: number): Conclusion {
  const limitMs = limitOf(s);
  if (exposedMs >= limitMs) return human(share.reason, starvedFor(share, limitMs));
  const { reason, sentence } = share;
  return { to: 'wait', said: { reason, sentence }, human: false, again: limitMs - exposedMs };
}

const limitOf = ({ policy, step }: StepFacts): number =>
  policy.onInconclusive === 'extend' ? 2 * step.maxDurationMs : step.maxDurationMs;

/** Only a window of this step, measured since its weight was last observed, can say anything about it. */
function currentVerdict({ status, index, facts }: StepFacts): Verdict | undefined {
  const { analysis, verdict } = status;
  const since = timeOf(status.weightObservedAt, facts.nowMs);
  return analysis?.step === index && (analysis.measuredUntilMs ?? 0) > since ? verdict : undefined;
}

function proven(s: StepFacts): boolean {
  const verdict = currentVerdict(s);
  if (verdict === undefined) return false;
  return s.split.weight === 100 ? holdsBaking(s, verdict) : verdict.result === 'pass';
}

function human(reason: string, sentence: string): Conclusion {
  return { to: 'wait', said: { reason, sentence }, human: true };
}

function resumed({ release, index }: StepFacts): boolean {
  const text = release.metadata.annotations?.[ANNOTATION.resumedStep] ?? '';
  return /^\d+$/.test(text) && Number(text) >= index;
}

function paused(s: StepFacts): Conclusion | undefined {
  const { pause } = s.step;
  if (pause === false || resumed(s)) return undefined;
  if (pause === true)
    return human(
      REASON.PausedByStep,
      `The step passed; a human has to let the release go on from ${s.step.weight}%.`,
    );
  const now = new Date(s.facts.nowMs).toISOString();
  // A weight that was taken away meanwhile has passed anew.
  const before = timeOf(s.status.pausedAt, -Infinity) >= timeOf(s.status.weightObservedAt, 0);
  const pausedAt = (before ? s.status.pausedAt : undefined) ?? now;
  const restMs = timeOf(pausedAt, s.facts.nowMs) + pause - s.facts.nowMs;
  if (restMs <= 0) return undefined;
  const sentence = `The step passed; it pauses for ${formatDuration(pause)}.`;
  return {
    to: 'wait',
    said: { reason: REASON.PausedByStep, sentence },
    human: false,
    again: restMs,
    pausedAt,
  };
}

/** Neither pass nor fail: more data, and what the policy says when the time is up. */
function unproven(
  s: StepFacts,
  { elapsedMs, exposedMs }: { elapsedMs: number; exposedMs: number },
): Conclusion {
  const said: Said = {
    reason: s.status.verdict?.reason ?? REASON.Measuring,
    sentence: s.status.verdict?.sentence ?? 'The first window is being measured.',
  };
  const limitMs = limitOf(s);
  if (exposedMs >= limitMs) return timeUp(s, said);
  return (
    quiet(s, elapsedMs) ??
    baked(s) ??
    unread(s) ?? { to: 'wait', said, human: false, again: limitMs - exposedMs }
  );
}

function timeUp(s: StepFacts, said: Said): Conclusion {
  const { onInconclusive } = s.policy;
  const last: Said = {
    reason: REASON.Inconclusive,
    sentence: `No conclusion after ${formatDuration(limitOf(s))}: ${said.sentence}`,
  };
  if (onInconclusive === 'rollback') return { to: 'rollback', said: last };
  const withheld = baked(s);
  if (withheld !== undefined) return withheld;
  // After a bake what is tolerable needs no conclusion, unless it is out of date: then it does not count.
  if (onInconclusive === 'promote' && s.split.weight < 100 && currentVerdict(s)?.tolerable === true)
    return { to: 'next', said: last };
  if (resumed(s)) return LET_ON;
  return { to: 'wait', said: onInconclusive === 'promote' ? notLetThrough(last) : last, human: true };
}

/**
 * No request goes to the canary in this step: a human who tries it may know more than the metrics ever will. Measuring goes on, for
 * what brings data without live requests.
 */
function quiet(s: StepFacts, elapsedMs: number): Conclusion | undefined {
  if (!isNothing(s.split) || elapsedMs < s.step.minDurationMs) return undefined;
  if (resumed(s)) return LET_ON;
  const known = s.status.verdict?.sentence ?? 'nothing is measured yet';
  return human(
    REASON.Inconclusive,
    `The new version runs at its whole size without live requests: ${known}. Try it, then let the release go on, or abort it.`,
  );
}

/** The bake is over without an end: users meet the new version all the while, so a human is asked at once. */
function baked(s: StepFacts): Conclusion | undefined {
  const why = withheldAfterBake(s);
  if (why === undefined) return undefined;
  return resumed(s) ? LET_ON : human(REASON.Inconclusive, why);
}

/** No window brings back what cannot be read, so a human is asked at once. Harm is looked for meanwhile. */
function unread(s: StepFacts): Conclusion | undefined {
  const verdict = currentVerdict(s);
  if (verdict?.reason !== REASON.StateUnreadable) return undefined;
  return resumed(s) ? LET_ON : human(verdict.reason, verdict.sentence);
}

const LET_ON: Conclusion = {
  to: 'next',
  said: {
    reason: REASON.ResumedByHuman,
    sentence: 'A human let the release go on without a conclusion.',
  },
};

/** `promote` forgives that safety is not proven; it does not forgive missing data or what speaks for harm. */
function notLetThrough({ reason, sentence }: Said): Said {
  const why =
    'It is promoted without a conclusion only if nothing speaks for harm, every metric has data and what was seen lies inside the safe margins; a human has to decide.';
  return { reason, sentence: `${sentence}. ${why}` };
}

/** The next rung is recorded before anything of it is written; after the last one comes the promotion. */
function advance(s: StepFacts, said: Said, kept: StatusChange): Answer {
  const index = s.index + 1;
  const next = s.ladder[index];
  const change: StatusChange = {
    weightWrittenAt: undefined,
    weightObservedAt: undefined,
    stepExposedAt: undefined,
    pausedAt: undefined,
    verdict: undefined,
  };
  if (next === undefined) {
    const proven = said.reason === REASON.StepPassed ? { ...said, reason: REASON.AllStepsPassed } : said;
    return promote(s.facts, s.release, proven, { ...kept, pausedAt: undefined });
  }
  const stepStartedAt = new Date(s.facts.nowMs).toISOString();
  const { analysis: known } = s.status;
  return answerFor(
    s.facts,
    s.release,
    { ...said, requeueAfterMs: AT_ONCE },
    {
      ...change,
      phase: 'Progressing',
      step: index,
      ...askedIn(s.facts, next),
      stepStartedAt,
      analysis: startStep(resumed(s) ? known && lookedAt(known) : known, index, s.templates),
      share: kept.share,
    },
  );
}

function waiting(s: StepFacts, wait: Extract<Conclusion, { to: 'wait' }>, kept: StatusChange): Answer {
  const phase = wait.human ? 'Waiting' : 'Progressing';
  const fresh = wait.human && s.release.status?.phase !== 'Waiting';
  const told = fresh ? event(s.facts, 'Warning', wait.said.reason, wait.said.sentence) : [];
  const outcome = wait.human ? ('stalled' as const) : ('wait' as const);
  const again = wait.again === undefined ? {} : { requeueAfterMs: Math.max(0, wait.again) };
  // Only a step that passed begins its pause: the time it waited for a human before that is none of it.
  const pausedAt = wait.pausedAt ?? (wait.human ? s.status.pausedAt : undefined);
  const parts = { ...wait.said, outcome, actions: told, ...again };
  return answerFor(s.facts, s.release, parts, { ...kept, phase, pausedAt });
}
