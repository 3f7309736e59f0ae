import { REASON } from '../../api/reasons.ts';
import { isNothing, wantedSplit } from '../../api/split.ts';
import type { Release } from '../../api/release.ts';
import type { Facts } from '../facts.ts';
import { phaseOf } from '../facts/records.ts';
import { NOTHING } from '../status/next.ts';
import type { Answer } from '../model.ts';
import { answerFor, AT_ONCE, type FactsRule } from './answer.ts';
import { afterZero, zeroWeight } from './leave.ts';

/** Traffic goes to a canary without a ready pod: it is taken off at once, whatever else is to be decided. */
export const canaryLost: FactsRule = {
  name: 'canary-lost',
  decide(facts) {
    const { active, canary } = facts;
    if (active === undefined || phaseOf(active) === 'RollingBack' || canary.ready.length > 0)
      return undefined;
    if (facts.traffic?.provider.byPods !== undefined) return withoutRouter(facts, active);
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

/**
 * Nobody sends to a pod that is not ready, so its traffic is gone already, and comes back with it: the step begins anew.
 * A canary that was scaled to 0 was not lost.
 */
function withoutRouter(facts: Facts, active: Release): Answer | undefined {
  const { deployment, wanted } = facts.canary;
  const scaledAway = deployment !== undefined && wanted === 0;
  if (scaledAway || active.status?.weightObservedAt === undefined || phaseOf(active) === 'Promoting')
    return undefined;
  const sentence = 'The canary has no ready pod left, so nothing goes to it: the step begins anew.';
  const parts = { reason: REASON.CanaryUnhealthy, sentence, requeueAfterMs: AT_ONCE };
  const stepStartedAt = new Date(facts.nowMs).toISOString();
  return answerFor(facts, active, parts, { stepStartedAt, weightObservedAt: undefined });
}
