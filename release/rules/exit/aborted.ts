import { REASON } from '../../../api/reasons.ts';
import type { FactsRule } from '../../answer.ts';
import { TURNED_DOWN, withdraw } from '../../plan/withdraw.ts';

/** A human set intent Abort. */
export const aborted: FactsRule = {
  name: 'aborted',
  decide(facts) {
    const { active } = facts;
    if (active?.spec.intent !== 'Abort') return undefined;
    return withdraw(facts, active, {
      reason: REASON.AbortedByHuman,
      sentence: 'A human aborted the release.',
      withdrawal: TURNED_DOWN,
    });
  },
};
