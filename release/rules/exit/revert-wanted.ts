import { ANNOTATION } from '../../../api/names.ts';
import { REASON } from '../../../api/reasons.ts';
import { clearFailed, optional } from '../../actions.ts';
import type { Rule } from '../../model.ts';
import { ENDED, TURNED_DOWN, withdraw } from '../../plan/withdraw.ts';
import type { Promoting, Starting, Stepping } from '../../situation.ts';

/** The author or an order sets the template back to stable: the release ends, traffic first, and no new one begins. */
export const revertWanted: Rule<Starting | Stepping | Promoting> = {
  name: 'revert-wanted',
  decide(facts) {
    const { active, stable, target } = facts;
    if (active.metadata.annotations?.[ANNOTATION.revert] !== undefined) {
      const sentence = 'A human reverted the target to the stable template.';
      return withdraw(facts, active, { reason: REASON.RevertedByHuman, sentence, withdrawal: TURNED_DOWN });
    }
    if (!stable.wanted || stable.foreign) return undefined;
    const sentence = 'The author set the template back to the stable one.';
    const withdrawal = { ...ENDED, by: 'Author' as const };
    const answer = withdraw(facts, active, { reason: REASON.RevertedByAuthor, sentence, withdrawal });
    return { ...answer, actions: [...answer.actions, ...optional(clearFailed(facts, target))] };
  },
};
