import type { LastRule } from '../../model.ts';
import { goOnWithdrawing } from '../../plan/withdraw.ts';
import type { Leaving } from '../../situation.ts';

/** The release is being taken back: that continues to its end, whatever else is wrong. */
export const withdrawalUnfinished: LastRule<Leaving> = {
  name: 'withdrawal-unfinished',
  decide: (facts) => goOnWithdrawing(facts, facts.active),
};
