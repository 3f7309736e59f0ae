import { REASON } from '../../api/reasons.ts';
import { startStep } from '../../analysis/judge/core/judge.ts';
import { concludeStep, type StepConclusion, type StepNow } from '../../analysis/step/conclude.ts';
import { rulesOf } from '../../analysis/step/rules.ts';
import { ANNOTATION } from '../../api/names.ts';
import { splitText } from '../../api/split.ts';
import { timeOf } from '../facts/workload.ts';
import type { Answer } from '../model.ts';
import type { Said, StatusChange } from '../status/next.ts';
import { event } from '../actions.ts';
import { answerFor, AT_ONCE } from '../answer.ts';
import { askedIn } from '../plan/asked.ts';
import { crashedLately } from '../plan/canary-crashes.ts';
import { afterLastStep, promote } from '../plan/promote.ts';
import { withdraw } from '../plan/withdraw.ts';
import { settledFromMs, windowOf } from '../live/window.ts';
import { whoChanged } from './contested.ts';
import { starved } from './share.ts';
import type { StepFacts } from './stage.ts';
import { drifted } from './weight-stages.ts';

/** The end of every pass of a step: it goes forward, goes back, or waits while the next window is measured. */
export function onConclusion(s: StepFacts): Answer {
  const conclusion = concludeStep(rulesOf(s.policy, s.step), known(s));
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

type Waiting = Extract<StepConclusion, { to: 'wait' }> & { said: Said };

function known(s: StepFacts): StepNow {
  const { nowMs, snapshot } = s.facts;
  const { analysis, verdict, weightObservedAt, stepExposedAt } = s.status;
  const observedMs = timeOf(weightObservedAt, nowMs);
  const measuredMs = (analysis?.measuredUntilMs ?? 0) - observedMs;
  const { startMs, endMs } = windowOf(s);
  const pausedAt = pauseBegun(s);
  return {
    verdict,
    // Only a window of this step, measured since its weight was last observed, can say anything about it.
    current: analysis?.step === s.index && measuredMs > 0,
    elapsedMs: nowMs - observedMs,
    exposedMs: nowMs - timeOf(stepExposedAt, observedMs),
    measuredMs,
    lateMs: LATE_WINDOWS * (endMs - startMs) + snapshot.config.scrapeLagMs,
    settlesInMs: settledFromMs(s) - nowMs,
    pausedMs: pausedAt === undefined ? undefined : nowMs - timeOf(pausedAt, nowMs),
    human: { pauses: s.release.spec.intent === 'Pause', resumed: resumed(s) },
    contested: drifted(s) ? driftedFrom(s) : undefined,
    crashed: crashedLately(s.facts, s.release),
    share: starved(s),
  };
}

/** Windows may be late if Prometheus is slow or was away; this many are tolerated. */
const LATE_WINDOWS = 3;

const driftedFrom = (s: StepFacts): Said => ({
  reason: REASON.RouteContested,
  sentence: `${whoChanged(s)}; ${splitText(s.split)} is written again once a window without harm has been measured.`,
});

function resumed({ release, index }: StepFacts): boolean {
  const text = release.metadata.annotations?.[ANNOTATION.resumedStep] ?? '';
  return /^\d+$/.test(text) && Number(text) >= index;
}

/** When the pause began; undefined if the weight was taken away since: then the step has to pass, and pause, again. */
function pauseBegun({ status: { pausedAt, weightObservedAt } }: StepFacts): string | undefined {
  return timeOf(pausedAt, -Infinity) >= timeOf(weightObservedAt, 0) ? pausedAt : undefined;
}

/** The next step is recorded before anything of it is written; after the last one comes the promotion. */
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
  if (next === undefined)
    return promote(s.facts, s.release, afterLastStep(said), { ...kept, pausedAt: undefined });
  const stepStartedAt = new Date(s.facts.nowMs).toISOString();
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
      analysis: startStep(s.status.analysis, index, s.templates),
      share: kept.share,
    },
  );
}

function waiting(s: StepFacts, wait: Waiting, kept: StatusChange): Answer {
  const phase = wait.human ? 'Waiting' : 'Progressing';
  const fresh = wait.human && s.release.status?.phase !== 'Waiting';
  const told = fresh ? event(s.facts, 'Warning', wait.said.reason, wait.said.sentence) : [];
  const outcome = wait.human ? ('stalled' as const) : ('wait' as const);
  const again = wait.againMs === undefined ? {} : { requeueAfterMs: Math.max(0, wait.againMs) };
  const { pausedMs } = wait;
  const pausedAt = pausedMs === undefined ? undefined : new Date(s.facts.nowMs - pausedMs).toISOString();
  const parts = { ...wait.said, outcome, actions: told, ...again };
  const asks = wait.human && s.release.spec.intent !== 'Pause';
  const waitsFor = asks ? ('Answer' as const) : undefined;
  return answerFor(s.facts, s.release, parts, { ...kept, phase, pausedAt, waitsFor });
}
