import { REASON } from '../../../api/reasons.ts';
import { templatesEqual } from '../../canary/index.ts';
import { servingAlone } from '../../facts/workload.ts';
import type { Answer, LastRule } from '../../model.ts';
import { event } from '../../actions.ts';
import { answerFor, AT_ONCE } from '../../answer.ts';
import { waitToServe } from '../../plan/first-version.ts';
import { DELETED } from '../../record/record-again.ts';
import { recordStatus } from '../../record/record.ts';
import type { Recording } from '../../situation.ts';

/** A Release that only records what rolled out without one, or how another ended, gets its status. */
export const recordUnfinished: LastRule<Recording> = {
  name: 'record-unfinished',
  decide(facts) {
    const { active, as } = facts;
    if (as === 'Recreated') return recreatedTarget(facts);
    if (as === 'Deleted') {
      const { phase, withdrawal, reason, message, targetGeneration } = DELETED(facts);
      return answerFor(
        facts,
        active,
        { reason, sentence: message, outcome: 'done' },
        { phase, withdrawal, targetGeneration },
      );
    }
    const { said, change } = recordStatus(facts, as);
    return answerFor(facts, active, { ...said, outcome: 'done', requeueAfterMs: AT_ONCE }, change);
  },
};

/** A recreated target: once its template serves alone, that is compared with what was stable before. */
function recreatedTarget(facts: Recording): Answer {
  const { active, target } = facts;
  const serving = target.observed ? servingAlone(target) : undefined;
  if (serving === undefined) return waitToServe(facts, target);
  const { stable, canary } = active.spec;
  if (!templatesEqual(serving.template, canary.template)) {
    const sentence =
      'The template changed before it served alone; the version that serves gets a record of its own.';
    const parts = { reason: REASON.Superseded, sentence, requeueAfterMs: AT_ONCE };
    return answerFor(facts, active, parts, { phase: 'Superseded' });
  }
  const as = templatesEqual(serving.template, stable.template) ? 'Initial' : 'Escaped';
  const { said, change } = recordStatus(facts, as);
  const told = event(facts, as === 'Initial' ? 'Normal' : 'Warning', said.reason, said.sentence);
  return answerFor(
    facts,
    active,
    { ...said, actions: told, outcome: 'done', requeueAfterMs: AT_ONCE },
    change,
  );
}
