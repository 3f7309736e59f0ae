import { REASON } from '../../api/reasons.ts';
import type { Facts } from '../facts.ts';
import { stableAfter } from '../facts/records.ts';
import { servingAlone, type ReplicaSetFacts, type WorkloadFacts } from '../facts/workload.ts';
import { templatesEqual } from '../canary/index.ts';
import type { Answer } from '../model.ts';
import { pause } from './actions.ts';
import { answer, AT_ONCE, POLL_MS, type FactsRule } from './answer.ts';
import { record } from './record.ts';

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
    if (serving === undefined || !target.observed) return inProgress(target);
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

export function inProgress(target: WorkloadFacts): Answer {
  const sentence =
    target.paused && target.observed
      ? 'The target was paused in the middle of a native rollout; resume it, so that one ReplicaSet serves alone.'
      : 'A native rollout is under way; Sluice waits until one ReplicaSet serves alone.';
  return answer({ reason: REASON.RolloutInProgress, sentence, requeueAfterMs: POLL_MS });
}

/** The first version is Initial; a target made again with another template than the last stable one is Escaped. */
function recorded(facts: Facts, target: WorkloadFacts, serving: ReplicaSetFacts): Answer {
  const last = facts.newest === undefined ? undefined : stableAfter(facts.newest);
  if (last === undefined || templatesEqual(last.template, serving.template)) {
    return record(facts, target, { as: 'Initial', serving });
  }
  return record(facts, target, { as: 'Escaped', serving, before: last });
}
