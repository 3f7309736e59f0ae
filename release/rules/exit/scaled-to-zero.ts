import { REASON } from '../../../api/reasons.ts';
import type { ReleaseStatus } from '../../../api/kinds/release/status.ts';
import { isNothing, wantedSplit } from '../../../api/split.ts';
import { NOTHING } from '../../status/next.ts';
import { answerFor, POLL_MS } from '../../answer.ts';
import type { Rule } from '../../model.ts';
import { zeroWeight } from '../../plan/leave.ts';
import type { Stepping } from '../../situation.ts';

/**
 * The target was scaled to 0 during a release: without stable pods there is nothing to compare with, and a failing
 * stable arm would make any canary look good. The release rests until stable pods serve again.
 */
export const scaledToZero: Rule<Stepping> = {
  name: 'scaled-to-zero',
  decide(facts) {
    if (!rests(facts)) return undefined;
    const sentence = 'The target was scaled to 0; the release continues when it has a ready pod again.';
    const parts = {
      reason: REASON.NoReplicas,
      sentence,
      actions: zeroWeight(facts),
      requeueAfterMs: POLL_MS,
    };
    return answerFor(facts, facts.active, parts, {
      phase: 'Waiting',
      waitsFor: 'Replicas',
      ...NOTHING,
      weightObservedAt: undefined,
    });
  },
};

function rests({ active, target, stable }: Stepping): boolean {
  if (target.replicas === 0) return true;
  // Pods that start again from 0 do not count as broken, however long it takes.
  const back = stable.replicaSet?.pods.some((pod) => pod.ready) === true;
  return isResting(active.status) && !back;
}

/**
 * A status from an earlier version has no `waitsFor`: it says only that the release waits and gives the canary nothing,
 * which is enough to rest on.
 */
function isResting(status: ReleaseStatus): boolean {
  if (status.phase !== 'Waiting') return false;
  const { waitsFor, withheld } = status;
  return waitsFor === undefined
    ? withheld === undefined && isNothing(wantedSplit(status))
    : waitsFor === 'Replicas';
}
