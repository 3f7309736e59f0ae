import { REASON } from '../../api/reasons.ts';
import type { Reached } from '../../providers/provider.ts';
import type { Answer } from '../model.ts';
import type { StatusChange } from '../status/next.ts';
import { orEnd, writes } from '../actions.ts';
import { answerFor, AT_ONCE, POLL_MS } from '../answer.ts';
import { reachedIn, scaledByOthers } from './steered.ts';
import { nowOf, type Stage, type StepFacts } from './stage.ts';
import { observedNow, reassert } from './weight-stages.ts';

/**
 * The canary has the number of pods that is its weight. Too many are corrected at once. Too few, caused by another
 * writer, are corrected only after a window was judged, as for any weight: Sluice itself may have scaled the canary to
 * 0, and lost the record of why.
 */
export const podsScaled: Stage = (s) => {
  const { canary } = s.facts;
  const reached = reachedIn(s);
  if (reached === undefined || canary.wanted === reached.pods) return undefined;
  if (scaledByOthers(s)) return canary.wanted > reached.pods || isNew(s) ? reassert(s) : undefined;
  const { provider, context } = s.traffic;
  const actions = orEnd('Refused', writes('scale the canary', provider.plan(context, s.split)));
  const sentence = `The canary is scaled from ${canary.wanted} to ${reached.pods} pods: ${becomes(s, reached)}.`;
  const parts = { reason: REASON.ScalingCanary, sentence, actions, requeueAfterMs: AT_ONCE };
  // During a step the number follows the stable replicas, and nothing else about the step changes.
  const anew: StatusChange = isNew(s)
    ? { phase: 'Progressing', stepStartedAt: nowOf(s), weight: s.step.weight }
    : {};
  return answerFor(s.facts, s.release, parts, { ...anew, canaryReplicas: reached.pods });
};

/** The weight has not been observed (again), so no measurements can be lost. */
const isNew = ({ status }: StepFacts): boolean => status.weightObservedAt === undefined;

function becomes({ step, target }: StepFacts, { share }: Reached): string {
  const beside = `beside ${target.replicas} stable pods`;
  return step.weight === share
    ? `weight ${step.weight} ${beside}`
    : `weight ${step.weight} becomes ${share} ${beside}`;
}

/** The wanted number of pods is ready: that is all there is to observe. */
export const podsObserved: Stage = (s) => {
  const wanted = reachedIn(s)?.pods ?? 0;
  const { ready } = s.traffic.context.pods ?? { ready: { canary: 0, stable: 0 } };
  if (s.status.weightObservedAt !== undefined) return undefined;
  if (ready.canary < wanted) return notReady(s, ready.canary, wanted);
  const share = s.traffic.observation.weight ?? 0;
  const sentence = `Weight ${s.step.weight} is observed as ${share}: ${ready.canary} of ${ready.canary + ready.stable} ready pods.`;
  const parts = { reason: REASON.Settling, sentence, requeueAfterMs: AT_ONCE };
  const change = { phase: 'Progressing' as const, weight: s.step.weight, ...observedNow(s) };
  return answerFor(s.facts, s.release, parts, { ...change, canaryReplicas: wanted });
};

function notReady(s: StepFacts, ready: number, wanted: number): Answer {
  const sentence = `${ready} of ${wanted} canary pods are ready.`;
  const parts = { reason: REASON.ObservingWeight, sentence, requeueAfterMs: POLL_MS };
  return answerFor(s.facts, s.release, parts, { phase: 'Progressing' });
}
