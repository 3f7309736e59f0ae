import { ANNOTATION } from '../../api/names.ts';
import { answerFor, AT_ONCE, type FactsRule } from './answer.ts';
import { recordStatus } from './record.ts';

/** A Release that only records what rolled out without one, and whose first status was lost. */
export const recordOnly: FactsRule = {
  name: 'record-only',
  decide(facts) {
    const { active } = facts;
    const as = active?.metadata.annotations?.[ANNOTATION.recordedAs];
    if (active === undefined || active.status !== undefined || as === undefined) return undefined;
    const { said, change } = recordStatus(facts, as);
    return answerFor(facts, active, { ...said, outcome: 'done', requeueAfterMs: AT_ONCE }, change);
  },
};
