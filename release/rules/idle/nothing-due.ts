import { ANNOTATION } from '../../../api/names.ts';
import { REASON } from '../../../api/reasons.ts';
import { wasTurnedDown, wasUndone } from '../../facts/records.ts';
import type { Action, LastRule } from '../../model.ts';
import { clearFailed, optional } from '../../actions.ts';
import { answer, answerFor } from '../../answer.ts';
import type { Idle } from '../../situation.ts';

/** No release is running: the next change of the target is held, and an outdated sign of failure is removed. */
export const nothingDue: LastRule<Idle> = {
  name: 'nothing-due',
  decide(facts) {
    const { newest } = facts;
    const actions = settledSign(facts);
    const parts = {
      reason: REASON.Idle,
      sentence: 'Nothing is under way; the next change of the template will be held and released.',
      actions,
    };
    // A template that a human rejected may be tried again after the target has gone back to stable.
    const left = facts.stable.wanted && newest.status?.targetGeneration !== undefined && !facts.holdsNewest;
    const aside = newest.metadata.annotations?.[ANNOTATION.setAside] !== undefined;
    if (newest.status === undefined || !left || aside || !wasTurnedDown(newest))
      return answer({ ...parts, outcome: 'done' });
    const { reason, message, decisions } = newest.status;
    return answerFor(
      facts,
      newest,
      { ...parts, outcome: 'done' },
      { targetGeneration: undefined, reason, message, decisions },
    );
  },
};

/** A failed promotion leaves its sign on the stable template, so that a waiting pipeline sees it. */
function settledSign(facts: Idle): Action[] {
  return wasUndone(facts.newest) ? [] : optional(clearFailed(facts, facts.target));
}
