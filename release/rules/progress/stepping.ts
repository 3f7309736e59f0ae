import { phaseOf } from '../../facts/records.ts';
import type { FactsRule } from '../../answer.ts';
import { goOnWithStep } from '../../step/index.ts';

/** One rung of the ladder, from the canary's size to the verdict. */
export const stepping: FactsRule = {
  name: 'stepping',
  decide(facts) {
    const { active } = facts;
    if (active === undefined || !['Progressing', 'Waiting'].includes(phaseOf(active))) return undefined;
    return goOnWithStep(facts, active);
  },
};
