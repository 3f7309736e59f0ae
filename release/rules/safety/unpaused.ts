import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf } from '../../facts/records.ts';
import { ofTemplate, type WorkloadFacts } from '../../facts/workload.ts';
import type { StatusChange } from '../../status/next.ts';
import { pause, urgent } from '../../actions.ts';
import { answerFor, AT_ONCE, type FactsRule } from '../../answer.ts';
import { withdraw } from '../../plan/withdraw.ts';

/** Somebody un-paused a target whose template is unproven: paused again at once, and recorded as escaped. */
export const unpaused: FactsRule = {
  name: 'unpaused',
  decide(facts) {
    const { active, target, stable } = facts;
    if (active === undefined || target === undefined || stable === undefined || target.paused)
      return undefined;
    if (stable.wanted || stable.foreign || phaseOf(active) === 'Promoting') return undefined;
    if (phaseOf(active) === 'RollingBack') return pausedAgain(facts, active, target);
    const sentence =
      'The target was un-paused by somebody else before the template was proven: it is paused again.';
    const change = escapedTo(facts);
    return withdraw(facts, active, {
      reason: REASON.EscapedHold,
      sentence,
      withdrawal: { endsAs: 'Escaped', turnedDown: false },
      doubtsHold: true,
      first: urgent([pause(facts, target)]),
      change,
    });
  },
};

function pausedAgain(facts: Facts, active: Release, target: WorkloadFacts) {
  const parts = {
    reason: REASON.Holding,
    sentence: 'The target is paused so that the template under withdrawal does not roll out.',
    actions: [pause(facts, target)],
    requeueAfterMs: AT_ONCE,
  };
  return answerFor(facts, active, parts, { reason: active.status?.reason, message: active.status?.message });
}

/** If no stable pod is left, what escaped is what serves now; else stable stays stable and is rolled out again. */
function escapedTo({ target, stable }: Facts): StatusChange {
  if (target === undefined || stable?.replicaSet?.active === true) return {};
  const serving = ofTemplate(target, target.template);
  return serving?.pods.some((pod) => pod.ready) === true ? { replicaSet: serving.name } : {};
}
