import { REASON } from '../../api/reasons.ts';
import { clearFailed, optional } from './actions.ts';
import type { FactsRule } from './answer.ts';
import { withdraw } from './withdraw.ts';

/** The author set the template back to stable: the release ends, traffic first, and no new one begins. */
export const reverted: FactsRule = {
  name: 'reverted',
  decide(facts) {
    const { active, stable, target } = facts;
    if (active === undefined || target === undefined || stable?.wanted !== true || stable.foreign)
      return undefined;
    const sentence = 'The author set the template back to the stable one.';
    const answer = withdraw(facts, active, { reason: REASON.RevertedByAuthor, sentence });
    return { ...answer, actions: [...answer.actions, ...optional(clearFailed(facts, target))] };
  },
};
