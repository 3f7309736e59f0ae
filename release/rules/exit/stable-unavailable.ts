import { REASON } from '../../../api/reasons.ts';
import { stableBroken } from '../../facts/unavailable.ts';
import type { Rule } from '../../model.ts';
import { promote } from '../../plan/promote.ts';
import type { Stepping } from '../../situation.ts';

/** No stable pod has been available for 60 s: as soon as the canary is ready, the new version is the best choice. */
export const stableUnavailable: Rule<Stepping> = {
  name: 'stable-unavailable',
  decide(facts) {
    const { active, canary } = facts;
    if (!stableBroken(facts, active)) return undefined;
    if (!canary.ofRelease || canary.ready.length === 0 || canary.available < canary.wanted) return undefined;
    const sentence = 'No stable pod has been available for 60 s and the canary is ready: it is promoted.';
    const promotedFor = 'StableUnavailable';
    return promote(facts, active, { reason: REASON.StableUnavailable, sentence, promotedFor });
  },
};
