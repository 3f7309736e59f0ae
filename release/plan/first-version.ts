import { REASON } from '../../api/reasons.ts';
import type { Facts } from '../facts/facts.ts';
import { condition, timeOf, type WorkloadFacts } from '../facts/workload.ts';
import type { Answer, Unserved } from '../model.ts';
import { event, unpause } from '../actions.ts';
import { answer, AT_ONCE, POLL_MS } from '../answer.ts';

/** How long a stable version may be without a pod before a canary takes its place. */
const UNSERVED_MS = 60_000;

/** Waits until one ReplicaSet serves alone; a first version that never ran is replaced by its correction. */
export function waitToServe(facts: Facts, target: WorkloadFacts): Answer {
  const unserved = unservedFor(facts, target);
  if (unserved === undefined) return inProgress(target);
  return firstToServe(facts, target, unserved) ?? { ...inProgress(target), unserved };
}

/**
 * Admission holds the correction of a first version that never ran, like any change. There is nothing to compare it
 * with, and no users are served, so it rolls out; a pause that the author set stays.
 */
function firstToServe(facts: Facts, target: WorkloadFacts, { sinceMs }: Unserved): Answer | undefined {
  const ours = target.marker !== undefined || target.pausedBySluice;
  if (!target.paused || !ours || !target.observed) return undefined;
  if (facts.nowMs - sinceMs < UNSERVED_MS) return undefined;
  const sentence =
    'No pod of the target has been ready for 60 s: its template rolls out as the first version.';
  const actions = [unpause(target), ...event(facts, 'Normal', REASON.Initial, sentence)];
  return answer({ reason: REASON.Initial, sentence, actions, requeueAfterMs: AT_ONCE });
}

/**
 * How long this process has seen no pod ready, by its own clock; undefined while one is, or may be. Times of the API
 * server are compared only with one another: if the last change is newer than the one seen before, a pod was ready in
 * between.
 */
function unservedFor({ nowMs, snapshot }: Facts, target: WorkloadFacts): Unserved | undefined {
  const changedMs = changedAtMs(target);
  if (changedMs === undefined) return undefined;
  const seen = snapshot.unserved;
  return seen !== undefined && changedMs <= seen.changedMs ? seen : { sinceMs: nowMs, changedMs };
}

function changedAtMs(target: WorkloadFacts): number | undefined {
  const pods = target.replicaSets.flatMap((replicaSet) => replicaSet.pods);
  const available = condition(target.object, 'Available');
  if (pods.some((pod) => pod.ready) || (target.replicas > 0 && available?.status === 'True'))
    return undefined;
  const changedMs = Math.max(
    timeOf(target.object.metadata.creationTimestamp, Infinity),
    available === undefined ? -Infinity : timeOf(available.since, Infinity),
    ...pods.map((pod) => pod.readyChangedMs),
  );
  return Number.isFinite(changedMs) ? changedMs : undefined;
}

export function inProgress(target: WorkloadFacts): Answer {
  const sentence =
    target.paused && target.observed
      ? 'The target was paused in the middle of a native rollout: remove the annotation sluice.dev/policy, let "kubectl rollout resume" bring the rollout to its end, and opt in again.'
      : 'A native rollout is under way; Sluice waits until one ReplicaSet serves alone.';
  return answer({ reason: REASON.RolloutInProgress, sentence, requeueAfterMs: POLL_MS });
}
