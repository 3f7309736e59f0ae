import { shows } from '../../../providers/provider.ts';
import { isMore, seenText } from '../../../providers/wants.ts';
import { equalJson } from '../../../api/json.ts';
import type { JsonObject } from '../../../api/kube.ts';
import { REASON } from '../../../api/reasons.ts';
import { splitText } from '../../../api/split.ts';
import { timeOf } from '../../facts/workload.ts';
import { lastWriter, type Writer } from '../../facts/writers.ts';
import type { Answer } from '../../model.ts';
import { event, recordOriginals, writes } from '../actions.ts';
import { answerFor, AT_ONCE, POLL_MS, SLOW_MS } from '../answer.ts';
import { withdraw } from '../withdraw.ts';
import { asked } from '../../status/next.ts';
import { reachedIn, scaledByOthers } from './by-pods.ts';
import { nowOf, type Stage, type StepFacts } from './stage.ts';
import { switchable } from './switch-stages.ts';

/** A weight that is not read back for this long needs a human. */
const OBSERVE_WITHIN_MS = 120_000;
/** Somebody who undoes the weight this often will not stop. */
const REASSERT_LIMIT = 5;

/** What a user's route held is on the Release, with the finalizer, before the first edit. */
export const originalsRecorded: Stage = (s) => {
  const { provider, context, recorded } = s.traffic;
  if (!provider.editsUserRoutes) return undefined;
  const originals = provider.record(context) as JsonObject;
  if (recorded && equalJson(originals, context.originals)) return undefined;
  const actions = [recordOriginals(s.release, originals)];
  const sentence = 'What the route holds is recorded before the first edit.';
  const parts = { reason: REASON.SettingWeight, sentence, actions, requeueAfterMs: AT_ONCE };
  return answerFor(s.facts, s.release, parts, { phase: 'Progressing' });
};

/** "Weight 5", "Weight 0 with copies of 100% of requests" */
const what = ({ split }: StepFacts): string => splitText(split).replace(/^w/, 'W');

/** Reasons that say: the weight had been written when this was recorded. */
const WRITTEN: ReadonlySet<string> = new Set([REASON.ObservingWeight, REASON.RouteContested]);

/** The step's weight is written; if it had been before, somebody changed it before it was read back. */
export const weightWritten: Stage = (s) => {
  if (s.status.weightObservedAt !== undefined) return undefined;
  const { provider, context } = s.traffic;
  const plan = provider.plan(context, s.split);
  if (plan.length === 0) return undefined;
  if (WRITTEN.has(s.status.reason)) return reassert(s);
  const sentence = `${what(s)} is written.`;
  const actions = writes('set the weight', plan);
  const parts = { reason: REASON.SettingWeight, sentence, actions, requeueAfterMs: AT_ONCE };
  const change = { phase: 'Progressing' as const, ...asked(s.split), stepStartedAt: nowOf(s) };
  return answerFor(s.facts, s.release, parts, change);
};

/** The weight is read back, confirmed by back ends that confirm. */
export const weightObserved: Stage = (s) => {
  const { observation } = s.traffic;
  const there = shows(observation, s.split) && observation.acknowledged !== 'pending';
  if (s.status.weightObservedAt !== undefined) return undefined;
  if (there) {
    const sentence = `${what(s)} is observed.`;
    const parts = { reason: REASON.Settling, sentence, requeueAfterMs: AT_ONCE };
    return answerFor(s.facts, s.release, parts, {
      phase: 'Progressing',
      weightObservedAt: nowOf(s),
      ...asked(s.split),
    });
  }
  const sinceMs = timeOf(s.status.stepStartedAt, s.facts.nowMs);
  const problem = observation.problem ?? 'the back end has not confirmed it';
  if (s.facts.nowMs - sinceMs < OBSERVE_WITHIN_MS) {
    const parts = {
      reason: REASON.ObservingWeight,
      sentence: `${what(s)} is written; ${problem}.`,
    };
    return answerFor(s.facts, s.release, { ...parts, requeueAfterMs: POLL_MS }, { phase: 'Progressing' });
  }
  const sentence = `${what(s)} cannot be read back: ${problem}.`;
  // Nothing judges what is not confirmed, and everybody may be on it.
  if (s.split.weight === 100) return withdraw(s.facts, s.release, { reason: REASON.RouteRejected, sentence });
  const parts = {
    reason: REASON.RouteRejected,
    sentence,
    outcome: 'stalled' as const,
    requeueAfterMs: SLOW_MS,
  };
  return answerFor(s.facts, s.release, parts, { phase: 'Waiting' });
};

/** Is the route other than this step left it? */
export function drifted(s: StepFacts): boolean {
  const { traffic, status, split } = s;
  if (status.weightObservedAt === undefined) return false;
  return traffic.provider.byPods === undefined ? !shows(traffic.observation, split) : scaledByOthers(s);
}

/**
 * Somebody changed the route. Too much traffic is taken back at once, copies and requests that match as well. Too little (or a
 * disagreement between rules) is mended only in a pass that has just judged a window: it may have been Sluice itself that took
 * the traffic away, and lost the record of why.
 */
export const driftedUp: Stage = (s) => {
  return drifted(s) && isMore(s.traffic.observation, s.split) ? reassert(s) : undefined;
};

/** Who wrote last to what carries the weight, since it was written. */
function writerOf({ facts, status, traffic }: StepFacts): Writer | undefined {
  const { context, provider } = traffic;
  const canary = provider.byPods === undefined ? undefined : facts.canary.deployment?.object;
  const objects = [...context.routes, ...context.made, ...(canary === undefined ? [] : [canary])];
  return lastWriter(objects, timeOf(status.weightObservedAt ?? status.stepStartedAt, facts.nowMs));
}

/** The beginning of a sentence: who changed the route to what, and when, as far as its managed fields tell. */
export function whoChanged(s: StepFacts): string {
  const writer = writerOf(s);
  const { canary } = s.facts;
  const [what, to] =
    s.traffic.provider.byPods === undefined
      ? ['changed the route', seenText(s.traffic.observation)]
      : [`scaled Deployment ${canary.name}`, `${canary.wanted}`];
  return writer === undefined
    ? `Somebody ${what} to ${to}`
    : `${writer.who} ${what} at ${writer.at} to ${to}`;
}

export function reassert(s: StepFacts): Answer {
  const count = (s.status.reasserted ?? 0) + 1;
  const { provider, context } = s.traffic;
  if (count > REASSERT_LIMIT) return contested(s);
  const unready = switchable(s);
  if (unready !== undefined) return unready;
  const actions = writes('set the weight again', provider.plan(context, s.split));
  const sentence = `${whoChanged(s)}; ${splitText(s.split)} is written again (${count} of ${REASSERT_LIMIT}).`;
  const told = event(s.facts, 'Warning', REASON.RouteContested, sentence);
  const parts = {
    reason: REASON.RouteContested,
    sentence,
    actions: [...actions, ...told],
    requeueAfterMs: AT_ONCE,
  };
  return answerFor(s.facts, s.release, parts, {
    phase: 'Progressing',
    reasserted: count,
    canaryReplicas: reachedIn(s)?.pods ?? s.status.canaryReplicas,
    weightObservedAt: undefined,
    stepStartedAt: nowOf(s),
  });
}

function contested(s: StepFacts): Answer {
  const { routes = [], service = '' } = s.release.spec.traffic ?? {};
  const routed = routes.length > 0 ? routes.map(({ name }) => name).join(', ') : `Service ${service}`;
  const byPods = s.traffic.provider.byPods !== undefined;
  const where = byPods ? `, the number of pods of Deployment ${s.facts.canary.name}` : ` of ${routed}`;
  const writer = writerOf(s);
  const who = writer === undefined ? 'Somebody' : writer.who;
  const sentence = `${who} keeps changing the weight${where}; ${writer?.remedy ?? 'stop it'}, then abort or promote.`;
  const first = s.status.reason !== REASON.RouteContested || s.status.phase !== 'Waiting';
  const actions = first ? event(s.facts, 'Warning', REASON.RouteContested, sentence) : [];
  const parts = { reason: REASON.RouteContested, sentence, actions, outcome: 'stalled' as const };
  return answerFor(s.facts, s.release, { ...parts, requeueAfterMs: SLOW_MS }, { phase: 'Waiting' });
}
