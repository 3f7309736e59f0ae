import { REASON } from '../../../api/reasons.ts';
import type { Rule } from '../../model.ts';
import { ENDED, withdraw } from '../../plan/withdraw.ts';
import type { Promoting, Starting, Stepping } from '../../situation.ts';

/** The target was deleted and recreated while a release of the old one was running. */
export const targetRecreated: Rule<Starting | Stepping | Promoting> = {
  name: 'target-recreated',
  decide(facts) {
    const { active, target } = facts;
    if (active.spec.target.uid === target.uid) return undefined;
    const sentence = 'The target was deleted and created again: the release of the old one ends.';
    return withdraw(facts, active, { reason: REASON.TargetDeleted, sentence, withdrawal: ENDED });
  },
};
