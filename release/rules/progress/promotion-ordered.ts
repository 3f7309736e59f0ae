import { REASON } from '../../../api/reasons.ts';
import type { Rule } from '../../model.ts';
import { promote } from '../../plan/promote.ts';
import type { Starting, Stepping } from '../../situation.ts';

/** A human set intent Promote: the rest of the analysis is skipped. */
export const promotionOrdered: Rule<Starting | Stepping> = {
  name: 'promotion-ordered',
  decide(facts) {
    const { active } = facts;
    if (active.spec.intent !== 'Promote') return undefined;
    const sentence = 'A human ordered the promotion.';
    return promote(facts, active, { reason: REASON.PromotedByHuman, sentence, promotedFor: 'Order' });
  },
};
