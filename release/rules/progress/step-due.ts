import type { LastRule } from '../../model.ts';
import type { Stepping } from '../../situation.ts';
import { goOnWithStep } from '../../step/index.ts';

/** One step of the ladder, from the canary's size to the verdict. */
export const stepDue: LastRule<Stepping> = {
  name: 'step-due',
  decide: (facts) => goOnWithStep(facts, facts.active),
};
