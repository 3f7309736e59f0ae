import { REASON } from '../../../api/reasons.ts';
import type { Rule } from '../../model.ts';
import { TURNED_DOWN, withdraw } from '../../plan/withdraw.ts';
import type { Promoting, Starting, Stepping } from '../../situation.ts';

/** A human set intent Abort. */
export const abortOrdered: Rule<Starting | Stepping | Promoting> = {
  name: 'abort-ordered',
  decide(facts) {
    const { active } = facts;
    if (active.spec.intent !== 'Abort') return undefined;
    return withdraw(facts, active, {
      reason: REASON.AbortedByHuman,
      sentence: 'A human aborted the release.',
      withdrawal: TURNED_DOWN,
    });
  },
};
