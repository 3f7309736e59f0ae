import { unreadableIn } from '../../../analysis/judge/core/judge.ts';
import { REASON } from '../../../api/reasons.ts';
import { isExposed } from '../../facts/exposure.ts';
import type { Rule } from '../../model.ts';
import { withhold } from '../../live/withhold.ts';
import type { Promoting, Stepping } from '../../situation.ts';

/**
 * What the release stored of its statistics cannot be read, so evidence of harm may be lost: the canary gets no requests
 * until a human has looked. A promotion continues without the canary.
 */
export const stateUnreadable: Rule<Stepping | Promoting> = {
  name: 'state-unreadable',
  decide(facts) {
    const { active, templates, kind } = facts;
    const { analysis, withheld } = active.status;
    if (withheld !== undefined || (kind === 'Promoting' && !isExposed(facts))) return undefined;
    const lost = unreadableIn(analysis, templates);
    if (lost.length === 0) return undefined;
    const sentence = `The statistics that the release stored of ${lost.join(', ')} cannot be read, so evidence of harm may be lost: the weight is 0. To begin the step again and count from zero, run "sluice resume"; to take the release back, "sluice abort".`;
    return withhold(facts, active, { reason: REASON.StateUnreadable, sentence });
  },
};
