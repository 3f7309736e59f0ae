import { REASON } from '../../../api/reasons.ts';
import { ofTemplate } from '../../facts/workload.ts';
import type { StatusChange } from '../../status/next.ts';
import { pause, urgent } from '../../actions.ts';
import { answerFor, AT_ONCE } from '../../answer.ts';
import type { Answer, Rule } from '../../model.ts';
import { withdraw } from '../../plan/withdraw.ts';
import type { Leaving, Starting, Stepping } from '../../situation.ts';

/**
 * Another writer un-paused the target while its template is unproven: it is paused again at once, and recorded as
 * escaped.
 */
export const unpausedTooEarly: Rule<Starting | Stepping | Leaving> = {
  name: 'unpaused-too-early',
  decide(facts) {
    const { active, target, stable } = facts;
    if (target.paused || stable.wanted || stable.foreign) return undefined;
    if (facts.kind === 'Leaving') return pausedAgain(facts);
    const sentence = 'Someone un-paused the target before the template was proven: Sluice pauses it again.';
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

function pausedAgain(facts: Leaving): Answer {
  const { active, target } = facts;
  const { reason, message } = active.status;
  const parts = {
    reason: REASON.Holding,
    sentence: 'The target is paused so that the withdrawn template does not roll out.',
    actions: [pause(facts, target)],
    requeueAfterMs: AT_ONCE,
  };
  return answerFor(facts, active, parts, { reason, message });
}

/**
 * If no stable pod is left, the escaped template is what serves now; otherwise stable stays stable and rolls out again.
 */
function escapedTo({ target, stable }: Starting | Stepping): StatusChange {
  if (stable.replicaSet?.active === true) return {};
  const serving = ofTemplate(target, target.template);
  return serving?.pods.some((pod) => pod.ready) === true ? { replicaSet: serving.name } : {};
}
