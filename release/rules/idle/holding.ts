import { REASON } from '../../../api/reasons.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { stableAfter, wasUndone, type StableRecord } from '../../facts/records.ts';
import { ofTemplate, servingAlone, type ReplicaSetFacts, type WorkloadFacts } from '../../facts/workload.ts';
import type { Answer, Rule } from '../../model.ts';
import { isMarkedFailed, pause, unmark, unpause } from '../../actions.ts';
import { answer, AT_ONCE, POLL_MS } from '../../answer.ts';
import { inProgress } from '../../plan/first-version.ts';
import { record, type Recording } from '../../record/record.ts';
import { notHeld } from '../../record/record-size.ts';
import { restarted, restartWaits } from '../../plan/restart.ts';
import type { Idle } from '../../situation.ts';

/**
 * Between releases a target is kept paused (pause mode), or un-paused and unmarked as its author wrote it (admission mode);
 * what rolled out without being held is recorded as escaped.
 */
export const holding: Rule<Idle> = {
  name: 'holding',
  decide(facts) {
    const { target, stable } = facts;
    if (!stable.wanted) return escaped(facts);
    if (target.paused && stable.lost) return unfinished(target);
    return facts.snapshot.config.hold === 'admission' ? open(facts) : closed(facts);
  },
};

/** Pause mode. A marker is left of a time in admission mode, or of policies that are still in the cluster. */
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

/** Admission mode. A pause that is neither Sluice's nor admission's is the author's own, and stays. */
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
  const sentence = 'Nothing is held; the marker of an earlier hold is taken off.';
  return actions.length === 0
    ? undefined
    : answer({ reason: REASON.Holding, sentence, actions, requeueAfterMs: AT_ONCE });
}

/**
 * A promotion that failed leaves its sign on the stable template, so that a pipeline that waits learns of it. The native
 * controller would replace the sign on a target that is not paused.
 */
function showsFailure({ target, newest }: Idle): boolean {
  return target.paused && isMarkedFailed(target) && wasUndone(newest);
}

/** Paused in the middle of going back to stable: it is let go on. */
function unfinished(target: WorkloadFacts): Answer {
  const sentence = 'The target was paused before the stable template served alone: it is let go on.';
  return answer({ reason: REASON.StableLost, sentence, actions: [unpause(target)], requeueAfterMs: POLL_MS });
}

function servingPresent(
  target: WorkloadFacts,
  present: ReplicaSetFacts | undefined,
): ReplicaSetFacts | undefined {
  const serving = servingAlone(target);
  return serving === present ? serving : undefined;
}

const recorded = (facts: Idle, recording: Recording & { before: StableRecord }): Answer =>
  notHeld(facts, facts.target, { stable: recording.before.template, canary: facts.target.template }) ??
  record(facts, facts.target, recording);

/** The target had left Sluice in mid-release. */
const isBack = ({ status }: Release): boolean => status?.withdrawal?.by === 'OptOut';

function escaped(facts: Idle): Answer | undefined {
  const { newest, target } = facts;
  const present = ofTemplate(target, target.template);
  const alone = target.observed ? servingPresent(target, present) : undefined;
  if (target.paused && alone === undefined) return undefined;
  // A native rollout of the time when it had opted out is let end first.
  if (isBack(newest) && alone === undefined && !target.paused) return inProgress(target);
  const before = stableAfter(newest);
  // It serves already, and admission holds what comes next.
  const open = alone?.active === true && facts.snapshot.config.hold === 'admission';
  const first = target.paused || open ? [] : [pause(facts, target)];
  if (present?.active === true) return recorded(facts, { as: 'Escaped', serving: alone, before, first });
  const sentence = 'The target is paused, so that its new template is held.';
  return answer({ reason: REASON.Holding, sentence, actions: first, requeueAfterMs: AT_ONCE });
}
