import { phaseOf } from '../../facts/records.ts';
import type { FactsRule } from '../../answer.ts';
import { goOnWithdrawing } from '../../plan/withdraw.ts';

/** The release is being taken back: that goes on to its end, whatever else is wrong. */
export const withdrawing: FactsRule = {
  name: 'withdrawing',
  decide(facts) {
    const { active } = facts;
    if (active === undefined || phaseOf(active) !== 'RollingBack') return undefined;
    return goOnWithdrawing(facts, active);
  },
};
