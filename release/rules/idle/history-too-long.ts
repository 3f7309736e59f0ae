import { REASON } from '../../../api/reasons.ts';
import { RESOURCES } from '../../../api/resources.ts';
import { isEnded } from '../../facts/records.ts';
import { remove } from '../../actions.ts';
import { answer, AT_ONCE } from '../../answer.ts';
import type { Rule } from '../../model.ts';
import type { FirstSight, Idle } from '../../situation.ts';

/** Maximum number of old Releases deleted in one pass; the next pass continues. */
const BATCH = 20;

/** More than the limit of ended Releases: the oldest go. */
export const historyTooLong: Rule<FirstSight | Idle> = {
  name: 'history-too-long',
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
