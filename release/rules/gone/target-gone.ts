import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { isEnded, phaseOf } from '../../facts/records.ts';
import type { Answer } from '../../model.ts';
import { forgetOriginals } from '../../actions.ts';
import { NOTHING } from '../../status/next.ts';
import { answer, answerFor, AT_ONCE, type FactsRule } from '../../answer.ts';
import { leave } from '../../plan/leave.ts';
import { cause, ENDED, withdraw } from '../../plan/withdraw.ts';

/** The target is deleted: its route is restored before the Release may go; the rest goes with its owner. */
export const targetGone: FactsRule = {
  name: 'target-gone',
  decide(facts) {
    const { target, newest } = facts;
    if (target !== undefined && !target.deleting) return undefined;
    if (newest === undefined || isEnded(newest)) return gone();
    if (phaseOf(newest) !== 'RollingBack') return begin(facts, newest);
    return leave(facts, newest, cause(newest)) ?? release(facts, newest) ?? ended(facts, newest);
  },
};

function begin(facts: Facts, newest: Release): Answer {
  const sentence = 'The target was deleted: the release ends and the route is restored.';
  return withdraw(facts, newest, { reason: REASON.TargetDeleted, sentence, withdrawal: ENDED });
}

function release(facts: Facts, newest: Release): Answer | undefined {
  if (facts.traffic?.recorded !== true) return undefined;
  const actions = [forgetOriginals(newest)];
  return answer({
    reason: REASON.TargetDeleted,
    sentence: 'The route is restored.',
    actions,
    requeueAfterMs: AT_ONCE,
  });
}

/** The Release goes with its owner, unless somebody deleted the target alone. */
function ended(facts: Facts, newest: Release): Answer {
  const { reason = REASON.TargetDeleted, message = '' } = newest.status ?? {};
  return answerFor(
    facts,
    newest,
    { reason, sentence: message, outcome: 'done' },
    { phase: 'Aborted', ...NOTHING },
  );
}

function gone(): Answer {
  return answer({ reason: REASON.TargetDeleted, sentence: 'The target does not exist.', outcome: 'done' });
}
