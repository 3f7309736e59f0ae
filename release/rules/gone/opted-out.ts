import { REASON } from '../../../api/reasons.ts';
import { phaseOf } from '../../facts/records.ts';
import { unmark } from '../../actions.ts';
import { answer, type FactsRule } from '../../answer.ts';
import { removeLeftBehind } from '../../plan/left-behind.ts';
import { ENDED, goOnWithdrawing, withdraw } from '../../plan/withdraw.ts';

/** A Deployment without the policy annotation is not ours; opting out in mid-release is an abort. */
export const optedOut: FactsRule = {
  name: 'opted-out',
  decide(facts) {
    const { active } = facts;
    if (facts.optedIn !== undefined) return undefined;
    if (active !== undefined && phaseOf(active) === 'RollingBack') return goOnWithdrawing(facts, active);
    if (active !== undefined) {
      const sentence = 'The policy annotation was removed: the release ends.';
      const withdrawal = { ...ENDED, by: 'OptOut' as const };
      return withdraw(facts, active, { reason: REASON.OptedOut, sentence, withdrawal });
    }
    const sentence = 'The Deployment has not opted in.';
    const orphans = removeLeftBehind(facts);
    // While it is paused the marker says by whom; afterwards it would hold the target as soon as that opts in again.
    const actions = facts.target?.paused === false ? unmark(facts.target) : [];
    return orphans ?? answer({ reason: REASON.OptedOut, sentence, actions, outcome: 'done' });
  },
};
