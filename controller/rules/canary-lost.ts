import { REASON } from '../../api/reasons.ts';
import { isNothing, wantedSplit } from '../../api/split.ts';
import { phaseOf } from '../facts/records.ts';
import { NOTHING } from '../status/next.ts';
import { answerFor, type FactsRule } from './answer.ts';
import { afterZero, zeroWeight } from './leave.ts';

/** Traffic goes to a canary without a ready pod: it is taken off at once, whatever else is to be decided. */
export const canaryLost: FactsRule = {
  name: 'canary-lost',
  decide(facts) {
    const { active, canary } = facts;
    if (active === undefined || phaseOf(active) === 'RollingBack' || canary.ready.length > 0)
      return undefined;
    const actions = zeroWeight(facts);
    if (actions.length === 0) return undefined;
    const sentence = 'The canary has no ready pod left: all traffic is taken off it.';
    const parts = { reason: REASON.CanaryUnhealthy, sentence, actions, requeueAfterMs: afterZero(actions) };
    const why = phaseOf(active) === 'Promoting' ? { reason: active.status?.reason } : {};
    const again = active.status !== undefined && isNothing(wantedSplit(active.status));
    const since = again ? {} : { stepStartedAt: new Date(facts.nowMs).toISOString() };
    return answerFor(facts, active, parts, { ...why, ...since, ...NOTHING, weightObservedAt: undefined });
  },
};
