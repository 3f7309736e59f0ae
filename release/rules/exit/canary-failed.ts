import { REASON } from '../../../api/reasons.ts';
import type { Rule } from '../../model.ts';
import { canaryFailure } from '../../plan/canary-failure.ts';
import { withdraw, type Cause } from '../../plan/withdraw.ts';
import type { Stepping } from '../../situation.ts';

/** How often a canary under traffic may lose its last ready pod. */
const LOSSES = 3;

/** Canary pods that crash (more often than stable's), restart, or do not become ready in time: the release fails and does not wait for ever. */
export const canaryFailed: Rule<Stepping> = {
  name: 'canary-failed',
  decide(facts) {
    const { active } = facts;
    const failure = canaryFailure(facts, active) ?? unsteady(active);
    return failure === undefined ? undefined : withdraw(facts, active, failure);
  },
};

/** Unstable readiness would otherwise begin the same step again for ever, each time with failing requests. */
function unsteady({ status }: Stepping['active']): Cause | undefined {
  const losses = status.losses ?? 0;
  if (losses < LOSSES) return undefined;
  const sentence = `The canary lost its last ready pod ${losses} times while traffic went to it.`;
  return { reason: REASON.CanaryUnhealthy, sentence };
}
