import { startStep } from '../../analysis/judge/core/judge.ts';
import { shows } from '../../providers/provider.ts';
import { equalJson } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import { splitText } from '../../api/split.ts';
import type { Answer } from '../model.ts';
import { event, orEnd, recordOriginals, writes } from '../actions.ts';
import { answerFor, AT_ONCE, POLL_MS } from '../answer.ts';
import { asked } from '../status/next.ts';
import { contested, editsAfter, isContested, whoChanged } from './contested.ts';
import { nowOf, type Stage, type StepFacts } from './stage.ts';
import { reachedIn, steered } from './steered.ts';
import { switchable } from './switch-stages.ts';

/** The original content of a user's route is on the Release, with the finalizer, before the first edit. */
export const originalsRecorded: Stage = (s) => {
  const { provider, context, recorded } = s.traffic;
  if (!provider.editsUserRoutes) return undefined;
  const originals = provider.record(context) as JsonObject;
  if (recorded && equalJson(originals, context.originals)) return undefined;
  const actions = orEnd('Refused', [recordOriginals(s.release, originals, context.routes)]);
  const sentence = 'What the route holds is recorded before the first edit.';
  const parts = { reason: REASON.SettingWeight, sentence, actions, requeueAfterMs: AT_ONCE };
  return answerFor(s.facts, s.release, parts, { phase: 'Progressing' });
};

/** "Weight 5", "Weight 0 with copies of 100% of requests" */
const what = ({ split }: StepFacts): string => splitText(split).replace(/^w/, 'W');

/**
 * The step's weight is written. If the route had shown it before, another writer changed it before it was confirmed.
 */
export const weightWritten: Stage = (s) => {
  if (s.status.weightObservedAt !== undefined) return undefined;
  const { provider, context } = s.traffic;
  const plan = provider.plan(context, s.split);
  if (plan.length === 0) return undefined;
  if (s.status.weightWrittenAt !== undefined) return reassert(s);
  const sentence = `${what(s)} is written.`;
  const actions = orEnd('RouteRejected', writes('set the weight', plan));
  const parts = { reason: REASON.SettingWeight, sentence, actions, requeueAfterMs: AT_ONCE };
  const change = { phase: 'Progressing' as const, ...asked(s.split), stepStartedAt: nowOf(s) };
  return answerFor(s.facts, s.release, parts, change);
};

/**
 * The weight is observed; back ends that confirm must have confirmed it. How long that may take is bounded
 * (live/bounded.ts).
 */
export const weightObserved: Stage = (s) => {
  const { observation } = s.traffic;
  if (s.status.weightObservedAt !== undefined) return undefined;
  const weightWrittenAt = s.status.weightWrittenAt ?? nowOf(s);
  if (shows(observation, s.split) && observation.acknowledged !== 'pending') {
    const sentence = `${what(s)} is observed.`;
    const parts = { reason: REASON.Settling, sentence, requeueAfterMs: AT_ONCE };
    return answerFor(s.facts, s.release, parts, {
      phase: 'Progressing',
      weightWrittenAt,
      ...asked(s.split),
      ...observedNow(s),
    });
  }
  const problem = observation.problem ?? 'the back end has not confirmed it';
  const parts = { reason: REASON.ObservingWeight, sentence: `${what(s)} is written; ${problem}.` };
  const change = { phase: 'Progressing' as const, weightWrittenAt };
  return answerFor(s.facts, s.release, { ...parts, requeueAfterMs: POLL_MS }, change);
};

/** From now on the step has its weight; earlier measurements do not count as evidence of safety. */
export function observedNow(s: StepFacts) {
  const { analysis, stepExposedAt } = s.status;
  return {
    weightObservedAt: nowOf(s),
    stepExposedAt: stepExposedAt ?? nowOf(s),
    analysis: analysis === undefined ? undefined : startStep(analysis, s.index, s.templates),
  };
}

/** Does the route differ from what this step left? */
export function drifted(s: StepFacts): boolean {
  return s.status.weightObservedAt !== undefined && steered(s).drifted(s);
}

/** Writes the weight again, up to the number of times that this may happen. */
export function reassert(s: StepFacts): Answer {
  if (isContested(s)) return contested(s);
  const unready = switchable(s);
  if (unready !== undefined) return unready;
  const { provider, context } = s.traffic;
  const { change, count, limit } = editsAfter(s);
  const actions = orEnd('RouteRejected', writes('set the weight again', provider.plan(context, s.split)));
  const sentence = `${whoChanged(s)}; ${splitText(s.split)} is written again (${count} of ${limit}).`;
  const told = event(s.facts, 'Warning', REASON.RouteContested, sentence);
  const parts = {
    reason: REASON.RouteContested,
    sentence,
    actions: [...actions, ...told],
    requeueAfterMs: AT_ONCE,
  };
  return answerFor(s.facts, s.release, parts, {
    phase: 'Progressing',
    ...change,
    canaryReplicas: reachedIn(s)?.pods ?? s.status.canaryReplicas,
    weightWrittenAt: undefined,
    weightObservedAt: undefined,
    stepStartedAt: nowOf(s),
  });
}
