import { REASON } from '../../../api/reasons.ts';
import { phaseOf } from '../../facts/records.ts';
import type { FactsRule } from '../../answer.ts';
import { ENDED, withdraw } from '../../plan/withdraw.ts';

/** The target was deleted and made again while a release of the old one was under way. */
export const recreated: FactsRule = {
  name: 'recreated',
  decide(facts) {
    const { active, target } = facts;
    if (active === undefined || target === undefined || active.spec.target.uid === target.uid)
      return undefined;
    if (phaseOf(active) === 'RollingBack') return undefined;
    const sentence = 'The target was deleted and made again: the release of the old one ends.';
    return withdraw(facts, active, { reason: REASON.TargetDeleted, sentence, withdrawal: ENDED });
  },
};
