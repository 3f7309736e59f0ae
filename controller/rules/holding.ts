import { REASON } from '../../api/reasons.ts';
import type { Facts } from '../facts.ts';
import { stableAfter } from '../facts/records.ts';
import { ofTemplate, servingAlone, type WorkloadFacts } from '../facts/workload.ts';
import type { Answer } from '../model.ts';
import { pause, unpause } from './actions.ts';
import { answer, AT_ONCE, POLL_MS, type FactsRule } from './answer.ts';
import { inProgress } from './first-sight.ts';
import { record } from './record.ts';

/** Between releases a target is kept paused; what rolled out while it was not is recorded as escaped. */
export const holding: FactsRule = {
  name: 'holding',
  decide(facts) {
    const { active, target, stable } = facts;
    if (active !== undefined || target === undefined || stable === undefined || stable.foreign)
      return undefined;
    if (stable.wanted) return target.paused ? unfinished(facts, target) : pausedWhenDone(target);
    return escaped(facts, target);
  },
};

function pausedWhenDone(target: WorkloadFacts): Answer {
  if (servingAlone(target) === undefined || !target.observed) return inProgress(target);
  const sentence = 'The stable template serves alone: the target is paused, so that its next change is held.';
  return answer({ reason: REASON.Holding, sentence, actions: [pause(target)], requeueAfterMs: AT_ONCE });
}

/** Paused in the middle of going back to stable: it is let go on. */
function unfinished(facts: Facts, target: WorkloadFacts): Answer | undefined {
  if (facts.stable?.lost !== true) return undefined;
  const sentence = 'The target was paused before the stable template served alone: it is let go on.';
  return answer({ reason: REASON.StableLost, sentence, actions: [unpause(target)], requeueAfterMs: POLL_MS });
}

function escaped(facts: Facts, target: WorkloadFacts): Answer | undefined {
  const { newest } = facts;
  const serving = servingAlone(target);
  const present = ofTemplate(target, target.template);
  const alone = serving !== undefined && serving === present && target.observed;
  const begun = present?.active === true;
  if (newest === undefined || (target.paused && !alone)) return undefined;
  // Back after an opt-out: a native rollout of that time is let end first.
  if (newest.status?.reason === REASON.OptedOut && !alone && !target.paused) return inProgress(target);
  const before = stableAfter(newest);
  const first = target.paused ? [] : [pause(target)];
  if (begun)
    return record(facts, target, { as: 'Escaped', serving: alone ? serving : undefined, before, first });
  const sentence = 'The target is paused, so that its new template is held.';
  return answer({ reason: REASON.Holding, sentence, actions: first, requeueAfterMs: AT_ONCE });
}
