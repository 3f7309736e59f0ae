import { REASON } from '../../../api/reasons.ts';
import { phaseOf } from '../../facts/records.ts';
import { unmark } from '../../actions.ts';
import { answer } from '../../answer.ts';
import type { LastRule } from '../../model.ts';
import { ENDED, goOnWithdrawing, withdraw } from '../../plan/withdraw.ts';
import type { NotOptedIn, OptedOutMidRelease } from '../../situation.ts';

/** A Deployment without the policy annotation is not ours. */
export const notOptedIn: LastRule<NotOptedIn> = {
  name: 'not-opted-in',
  decide({ target }) {
    const sentence = 'The Deployment has not opted in.';
    // While it is paused the marker says by whom; afterwards it would hold the target as soon as that opts in again.
    const actions = target.paused ? [] : unmark(target);
    return answer({ reason: REASON.OptedOut, sentence, actions, outcome: 'done' });
  },
};

/** Opting out in mid-release is an abort. */
export const optedOutMidRelease: LastRule<OptedOutMidRelease> = {
  name: 'opted-out-mid-release',
  decide(facts) {
    const { active } = facts;
    if (phaseOf(active) === 'RollingBack') return goOnWithdrawing(facts, active);
    const sentence = 'The policy annotation was removed: the release ends.';
    const withdrawal = { ...ENDED, by: 'OptOut' as const };
    return withdraw(facts, active, { reason: REASON.OptedOut, sentence, withdrawal });
  },
};
