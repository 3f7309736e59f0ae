import { ANNOTATION } from '../../../api/names.ts';
import { REASON } from '../../../api/reasons.ts';
import { RESOURCES } from '../../../api/resources.ts';
import { isEnded, wasTurnedDown, wasUndone } from '../../facts/records.ts';
import type { Action, LastRule, Rule } from '../../model.ts';
import { clearFailed, optional, remove } from '../../actions.ts';
import { answer, answerFor, AT_ONCE } from '../../answer.ts';
import type { FirstSight, Idle } from '../../situation.ts';

/** Old Releases deleted in one pass; the next goes on. */
const BATCH = 20;

/** More than the limit of ended Releases: the oldest go. */
export const history: Rule<FirstSight | Idle> = {
  name: 'history',
  decide(facts) {
    const limit = facts.rules?.policy.historyLimit ?? 10;
    const old = facts.releases
      .slice(1)
      .filter(isEnded)
      .slice(Math.max(0, limit - 1))
      .slice(-BATCH);
    const actions = old.flatMap((release) => remove('delete an old release', RESOURCES.releases, release));
    if (actions.length === 0) return undefined;
    const sentence = `${actions.length} ended releases beyond the limit of ${limit} are deleted.`;
    return answer({ reason: REASON.CleaningUp, sentence, actions, requeueAfterMs: AT_ONCE });
  },
};

/** Nothing is under way: the next change of the target is held, and it shows no failure it no longer has. */
export const idle: LastRule<Idle> = {
  name: 'idle',
  decide(facts) {
    const { newest } = facts;
    const actions = settledSign(facts);
    const parts = {
      reason: REASON.Idle,
      sentence: 'Nothing is under way; the next change of the template will be held and released.',
      actions,
    };
    // A template that a human turned down may be tried again after the target has gone back to stable.
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

/** A promotion that failed leaves its sign on the stable template, so that a pipeline that waits learns of it. */
function settledSign(facts: Idle): Action[] {
  return wasUndone(facts.newest) ? [] : optional(clearFailed(facts, facts.target));
}
