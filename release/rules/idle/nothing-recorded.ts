import { REASON } from '../../../api/reasons.ts';
import { stableAfter } from '../../facts/records.ts';
import { servingAlone, type ReplicaSetFacts } from '../../facts/workload.ts';
import { templatesEqual } from '../../canary/index.ts';
import type { Answer, LastRule } from '../../model.ts';
import { pause } from '../../actions.ts';
import { answer, AT_ONCE } from '../../answer.ts';
import { inProgress, waitToServe } from '../../plan/first-version.ts';
import { recordRecreated } from '../../record/record-again.ts';
import { record } from '../../record/record.ts';
import type { FirstSight } from '../../situation.ts';
import { notHeld, tooLargeForRecord } from '../../record/record-size.ts';

/**
 * No Release names this Deployment yet: waits until one ReplicaSet serves alone, then records it. In pause mode the
 * target is paused first, so that no change slips in between; in admission mode a change is held anyway.
 */
export const nothingRecorded: LastRule<FirstSight> = {
  name: 'nothing-recorded',
  decide(facts) {
    const { target } = facts;
    const serving = servingAlone(target);
    if (serving === undefined || !target.observed) return remembered(facts) ?? waitToServe(facts, target);
    const kept = { stable: serving.template, canary: serving.template };
    const tooLarge = notHeld(facts, target, kept);
    if (tooLarge !== undefined) return tooLarge;
    if (target.paused) return recorded(facts, serving);
    // Something else is about to roll out: the native controller has not made its ReplicaSet yet.
    if (!templatesEqual(serving.template, target.template)) return inProgress(target);
    if (facts.snapshot.config.hold === 'admission') return recorded(facts, serving);
    const sentence = 'The first version serves alone: the target is paused, so that its next change is held.';
    return answer({
      reason: REASON.Holding,
      sentence,
      actions: [pause(facts, target)],
      requeueAfterMs: AT_ONCE,
    });
  },
};

/** The Releases of a deleted Deployment are deleted with it: what they call stable is recorded while one is left. */
function remembered(facts: FirstSight): Answer | undefined {
  const { newest, target } = facts;
  if (newest === undefined) return undefined;
  const kept = { stable: stableAfter(newest).template, canary: target.template };
  if (tooLargeForRecord(target, kept) !== undefined) return undefined;
  const sentence =
    'The target was deleted and created again: Sluice remembers what was stable before until the new target serves.';
  const actions = recordRecreated(facts, target, newest);
  return answer({ reason: REASON.RolloutInProgress, sentence, actions, requeueAfterMs: AT_ONCE });
}

/** The first version is Initial; a recreated target with another template than the last stable one is Escaped. */
function recorded(facts: FirstSight, serving: ReplicaSetFacts): Answer {
  const { target } = facts;
  const { lastStable } = facts.snapshot;
  const gone = lastStable?.uid === target.uid ? undefined : lastStable?.stable;
  const last = facts.newest === undefined ? gone : stableAfter(facts.newest);
  if (last === undefined || templatesEqual(last.template, serving.template)) {
    return record(facts, target, { as: 'Initial', serving });
  }
  return record(facts, target, { as: 'Escaped', serving, before: last });
}
