import type { Window } from '../../../api/analysis.ts';
import { REASON } from '../../../api/reasons.ts';
import type { AnalysisState, Measurement, Verdict } from '../../../api/analysis.ts';
import { inheritedState } from '../../../analysis/judge/inherited.ts';
import { judgeWindow, startStep } from '../../../analysis/judge/judge.ts';
import { recordedTemplates } from '../../facts/records.ts';
import { timeOf } from '../../facts/workload.ts';
import type { Answer } from '../../model.ts';
import { answerFor, AT_ONCE } from '../answer.ts';
import { withdraw } from '../withdraw.ts';
import { onConclusion } from './conclusion.ts';
import { overflow, shareAfter, splitMeasurements } from './share.ts';
import type { Stage, StepFacts } from './stage.ts';
import { drifted, reassert } from './weight-stages.ts';

/** Before this nothing may be measured: the back end has to follow, and every canary pod has to be warm. */
export function measurableFromMs({ facts, status, traffic, policy }: StepFacts): number {
  const observedMs = timeOf(status.weightObservedAt, facts.nowMs);
  const settledMs = observedMs + (policy.settleMs ?? traffic.provider.settleMs);
  const warmMs = facts.canary.ready.map((pod) => pod.readyChangedMs + policy.warmupMs);
  return Math.max(settledMs, ...warmMs);
}

/** The back end is given time to follow the weight, and new pods to warm up. */
export const settled: Stage = (s) => {
  const restMs = measurableFromMs(s) - s.facts.nowMs;
  if (restMs <= 0) return undefined;
  // Evidence that lies between the last window and now is not lost: see `windowOf`.
  const sentence = 'The weight is observed; the back end and the canary pods are given time to settle.';
  return answerFor(
    s.facts,
    s.release,
    { reason: REASON.Settling, sentence, requeueAfterMs: restMs },
    phaseFor(s),
  );
};

const phaseFor = (s: StepFacts) => (s.status.phase === 'Waiting' ? {} : { phase: 'Progressing' as const });

/**
 * The next window to measure: closed windows of one length, each beginning where the last one ended. Only a canary pod
 * that became ready later moves the beginning on.
 */
export function windowOf(s: StepFacts): Window {
  const untilMs = s.status.analysis?.step === s.index ? s.status.analysis.measuredUntilMs : undefined;
  const startMs = Math.max(untilMs ?? 0, measurableFromMs(s));
  // Every template sees at least one of its own intervals.
  const lengthMs = Math.max(...s.templates.map((bound) => bound.template.intervalMs));
  return { startMs, endMs: startMs + lengthMs };
}

/** A finished measurement of the window that is due: judged, and recorded together with the statistics. */
export const judged: Stage = (s) => {
  const { measured } = s.facts.snapshot;
  const window = windowOf(s);
  const ours = measured?.release === s.release.metadata.name && measured.step === s.index;
  if (!ours || measured.window.startMs !== window.startMs || measured.window.endMs !== window.endMs)
    return undefined;
  const before = s.status.analysis;
  const state = before?.step === s.index ? before : startStep(before ?? inherited(s), s.index, s.templates);
  const { metrics, share } = splitMeasurements(measured);
  const result = judgeWindow(state, {
    templates: s.templates,
    measurements: metrics,
    window,
    nextWeight: exposureAfter(s),
    steps: s.ladder.length,
    alone: s.split.weight === 100,
  });
  const analysis = { ...result.state, step: s.index, measuredUntilMs: window.endMs };
  if (result.verdict.result === 'fail') return failed(s, result.verdict, analysis);
  const status = { ...s.status, analysis, verdict: result.verdict };
  const next: StepFacts = { ...s, status };
  if (drifted(next))
    return answered(metrics) ? withState(reassert(next), begunAnew(next)) : onConclusion(next);
  const counted = shareAfter(s, window, share);
  const known = counted === undefined ? next : { ...next, status: { ...status, share: counted } };
  return overflow(known) ?? onConclusion(known);
};

/** What was measured while the route was another speaks for nobody's safety; what speaks for harm stays. */
function begunAnew(s: StepFacts): StepFacts {
  return { ...s, status: { ...s.status, analysis: startStep(s.status.analysis, s.index, s.templates) } };
}

/**
 * Percent of users the canary reaches once this step passes. Nobody knows how many match, and with cookies they only get more:
 * then it counts as all.
 */
function exposureAfter({ policy, ladder, index }: StepFacts): number {
  const known = policy.strategy === 'canary' && policy.stickiness === undefined;
  return known ? (ladder[index + 1]?.weight ?? 100) : 100;
}

/** The dispersion that earlier releases of the same target learnt, for the first window of this one. */
function inherited({ facts, release, templates }: StepFacts): AnalysisState | undefined {
  const at = facts.releases.findIndex((each) => each.metadata.name === release.metadata.name);
  const earlier = facts.releases
    .slice(at + 1)
    .filter((each) => each.spec.target.uid === release.spec.target.uid);
  const formers = earlier.flatMap((each) => {
    const { analysis } = each.status ?? {};
    const bound = analysis === undefined ? undefined : recordedTemplates(each);
    return analysis === undefined || bound === undefined ? [] : [{ templates: bound, analysis }];
  });
  return inheritedState(templates, formers);
}

function failed(
  s: StepFacts,
  verdict: Verdict,
  analysis: NonNullable<StepFacts['status']['analysis']>,
): Answer {
  const { reason, sentence } = verdict;
  return withdraw(s.facts, s.release, { reason, sentence, verdict, change: { analysis } });
}

/** Prometheus answered, whatever it said: what it knew about the time before the route was changed has been judged. */
function answered(measurements: readonly Measurement[]): boolean {
  return (
    measurements.length > 0 &&
    measurements.every(({ outcome }) => outcome !== 'serverError' && outcome !== 'timeout')
  );
}

function withState(answer: Answer, { status }: StepFacts): Answer {
  if (answer.status === undefined) return answer;
  const { analysis, verdict } = status;
  const next = {
    ...answer.status.next,
    ...(analysis === undefined ? {} : { analysis }),
    ...(verdict === undefined ? {} : { verdict }),
  };
  return { ...answer, status: { ...answer.status, next }, requeueAfterMs: AT_ONCE };
}
