import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { stableAfter } from '../../facts/records.ts';
import {
  condition,
  servingAlone,
  timeOf,
  type ReplicaSetFacts,
  type WorkloadFacts,
} from '../../facts/workload.ts';
import { templatesEqual } from '../../canary/index.ts';
import type { Answer, Unserved } from '../../model.ts';
import { event, pause, unpause } from '../../actions.ts';
import { answer, AT_ONCE, POLL_MS, type FactsRule } from '../../answer.ts';
import { recordRecreated } from '../../record/record-again.ts';
import { record } from '../../record/record.ts';
import { notHeld, tooLargeForRecord } from '../../record/record-size.ts';

/** As long as a stable version may be without a pod before a canary takes its place. */
const UNSERVED_MS = 60_000;

/**
 * No Release speaks of this Deployment yet: it waits until one ReplicaSet serves alone, and is recorded. In pause mode it
 * is paused before, so that no change slips in between; in admission mode that is held anyway.
 */
export const firstSight: FactsRule = {
  name: 'first-sight',
  decide(facts) {
    const { target, newest, stable } = facts;
    if (target === undefined || (newest !== undefined && stable?.foreign !== true)) return undefined;
    const serving = servingAlone(target);
    if (serving === undefined || !target.observed)
      return remembered(facts, target) ?? waitToServe(facts, target);
    const kept = { stable: serving.template, canary: serving.template };
    const tooLarge = notHeld(facts, target, kept);
    if (tooLarge !== undefined) return tooLarge;
    if (target.paused) return recorded(facts, target, serving);
    // About to roll out something else: the native controller has not made its ReplicaSet yet.
    if (!templatesEqual(serving.template, target.template)) return inProgress(target);
    if (facts.snapshot.config.hold === 'admission') return recorded(facts, target, serving);
    const sentence = 'The first version serves alone: the target is paused, so that its next change is held.';
    return answer({
      reason: REASON.Holding,
      sentence,
      actions: [pause(facts, target)],
      requeueAfterMs: AT_ONCE,
    });
  },
};

export function waitToServe(facts: Facts, target: WorkloadFacts): Answer {
  const unserved = unservedFor(facts, target);
  if (unserved === undefined) return inProgress(target);
  return firstToServe(facts, target, unserved) ?? { ...inProgress(target), unserved };
}

/** The Releases of a Deployment that was deleted go with it: what they call stable is written down while one is left. */
function remembered(facts: Facts, target: WorkloadFacts): Answer | undefined {
  const { newest } = facts;
  if (newest === undefined) return undefined;
  const kept = { stable: stableAfter(newest).template, canary: target.template };
  if (tooLargeForRecord(target, kept) !== undefined) return undefined;
  const sentence =
    'The target was deleted and made again: what was stable before is remembered until it serves.';
  const actions = recordRecreated(facts, target, newest);
  return answer({ reason: REASON.RolloutInProgress, sentence, actions, requeueAfterMs: AT_ONCE });
}

/**
 * The correction of a first version that never ran is held by admission like any change. There is nothing to compare it
 * with and nobody is served, so it is let roll out; a pause that is the author's own stays.
 */
function firstToServe(facts: Facts, target: WorkloadFacts, { sinceMs }: Unserved): Answer | undefined {
  const ours = target.marker !== undefined || target.pausedBySluice;
  if (!target.paused || !ours || !target.observed) return undefined;
  if (facts.nowMs - sinceMs < UNSERVED_MS) return undefined;
  const sentence =
    'No pod of the target has been ready for 60 s: the template it holds is let roll out as the first.';
  const actions = [unpause(target), ...event(facts, 'Normal', REASON.Initial, sentence)];
  return answer({ reason: REASON.Initial, sentence, actions, requeueAfterMs: AT_ONCE });
}

/**
 * How long this process has seen no pod ready, by its own clock; undefined while one is, or may be. The times of the API server are
 * compared with one another alone: a newer change than the one seen says that a pod was ready in between.
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

/** The first version is Initial; a target made again with another template than the last stable one is Escaped. */
function recorded(facts: Facts, target: WorkloadFacts, serving: ReplicaSetFacts): Answer {
  const { lastStable } = facts.snapshot;
  const gone = lastStable?.uid === target.uid ? undefined : lastStable?.stable;
  const last = facts.newest === undefined ? gone : stableAfter(facts.newest);
  if (last === undefined || templatesEqual(last.template, serving.template)) {
    return record(facts, target, { as: 'Initial', serving });
  }
  return record(facts, target, { as: 'Escaped', serving, before: last });
}
