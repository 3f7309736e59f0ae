import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf } from '../../facts/records.ts';
import type { Answer, LastRule } from '../../model.ts';
import { forgetOriginals } from '../../actions.ts';
import { NOTHING } from '../../status/next.ts';
import { answer, answerFor, AT_ONCE } from '../../answer.ts';
import { leave } from '../../plan/leave.ts';
import { cause, ENDED, withdraw } from '../../plan/withdraw.ts';
import type { Gone, GoneMidRelease } from '../../situation.ts';

/** Without a target there is nothing to do. */
export const targetGone: LastRule<Gone> = {
  name: 'target-gone',
  decide() {
    const sentence = 'The target does not exist.';
    return answer({ reason: REASON.TargetDeleted, sentence, outcome: 'done' });
  },
};

/** The target is deleted: its route is restored before the Release may go; the rest goes with its owner. */
export const targetGoneMidRelease: LastRule<GoneMidRelease> = {
  name: 'target-gone-mid-release',
  decide(facts) {
    const { active } = facts;
    if (phaseOf(active) !== 'RollingBack') return begin(facts, active);
    return leave(facts, active, cause(active)) ?? release(facts, active) ?? ended(facts, active);
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

/** The Release is deleted with its owner, unless a user deleted only the target. */
function ended(facts: Facts, newest: Release): Answer {
  const { reason = REASON.TargetDeleted, message = '' } = newest.status ?? {};
  return answerFor(
    facts,
    newest,
    { reason, sentence: message, outcome: 'done' },
    { phase: 'Aborted', ...NOTHING },
  );
}
