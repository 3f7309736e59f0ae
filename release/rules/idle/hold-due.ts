import { REASON } from '../../../api/reasons.ts';
import { wasUndone } from '../../facts/records.ts';
import { servingAlone, type WorkloadFacts } from '../../facts/workload.ts';
import type { Answer, Rule } from '../../model.ts';
import { isMarkedFailed, pause, unmark, unpause } from '../../actions.ts';
import { answer, AT_ONCE, POLL_MS } from '../../answer.ts';
import { inProgress } from '../../plan/first-version.ts';
import { restarted, restartWaits } from '../../plan/restart.ts';
import type { Idle } from '../../situation.ts';

/**
 * Between releases a target is kept paused (pause mode), or un-paused and unmarked as its author wrote it (admission mode);
 * what rolled out without being held is recorded as escaped.
 */
export const holdDue: Rule<Idle> = {
  name: 'hold-due',
  decide(facts) {
    const { target, stable } = facts;
    if (!stable.wanted) return undefined;
    if (target.paused && stable.lost) return unfinished(target);
    return facts.snapshot.config.hold === 'admission' ? open(facts) : closed(facts);
  },
};

/** Pause mode. A marker may remain from a time in admission mode, or policies that are still in the cluster set it. */
function closed(facts: Idle): Answer | undefined {
  const { target } = facts;
  if (target.paused)
    return restarted(facts, target) ?? (showsFailure(facts) ? undefined : withoutMarker(target));
  if (servingAlone(target) === undefined || !target.observed || restartWaits(facts))
    return inProgress(target);
  const sentence = 'The stable template serves alone: the target is paused, so that its next change is held.';
  return answer({
    reason: REASON.Holding,
    sentence,
    actions: [pause(facts, target)],
    requeueAfterMs: AT_ONCE,
  });
}

/** Admission mode. A pause that neither Sluice nor admission set is the author's own, and stays. */
function open(facts: Idle): Answer | undefined {
  const { target, stable } = facts;
  if (showsFailure(facts)) return undefined;
  const ours = target.marker !== undefined || target.pausedBySluice;
  if (!target.paused) return stable.lost ? inProgress(target) : withoutMarker(target);
  if (!ours) return undefined;
  const sentence = 'The target holds the stable template: it is un-paused, as its author wrote it.';
  return answer({ reason: REASON.Holding, sentence, actions: [unpause(target)], requeueAfterMs: AT_ONCE });
}

function withoutMarker(target: WorkloadFacts): Answer | undefined {
  const actions = unmark(target);
  const sentence = 'Nothing is held; the mark of an earlier hold is removed.';
  return actions.length === 0
    ? undefined
    : answer({ reason: REASON.Holding, sentence, actions, requeueAfterMs: AT_ONCE });
}

/**
 * A failed promotion leaves its sign on the stable template, so that a waiting pipeline sees it. On a target that is
 * not paused, the native controller would replace the sign.
 */
function showsFailure({ target, newest }: Idle): boolean {
  return target.paused && isMarkedFailed(target) && wasUndone(newest);
}

/** The target was paused while it was going back to stable: its rollout continues. */
function unfinished(target: WorkloadFacts): Answer {
  const sentence = 'The target was paused before the stable template served alone: its rollout continues.';
  return answer({ reason: REASON.StableLost, sentence, actions: [unpause(target)], requeueAfterMs: POLL_MS });
}
