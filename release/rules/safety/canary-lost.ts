import { REASON, type Reason } from '../../../api/reasons.ts';
import { isNothing, wantedSplit } from '../../../api/split.ts';
import { isMadeFor } from '../../canary/index.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Answer, Rule } from '../../model.ts';
import { answerFor, AT_ONCE } from '../../answer.ts';
import { afterZero, zeroWeight } from '../../plan/leave.ts';
import type { StatusChange } from '../../status/next.ts';
import { ANEW } from '../../live/withhold.ts';
import type { Promoting, Starting, Stepping } from '../../situation.ts';

type Exposed = Starting | Stepping | Promoting;

/** Traffic goes to a canary that cannot answer: it is taken off at once, before anything else is decided. */
export const canaryLost: Rule<Exposed> = {
  name: 'canary-lost',
  decide(facts) {
    const { active, canary } = facts;
    const lost = canary.ready.length === 0;
    if (facts.traffic?.provider.steering.followsReadiness === true)
      return lost ? withoutRouter(facts) : undefined;
    const gone = lost ? undefined : serviceGone(facts);
    if (!lost && gone === undefined) return undefined;
    const actions = zeroWeight(facts);
    if (actions.length === 0) return undefined;
    const said = gone ?? { reason: REASON.CanaryUnhealthy, what: 'The canary has no ready pod left' };
    const sentence = `${said.what}: all traffic is taken off it.`;
    const parts = { reason: said.reason, sentence, actions, requeueAfterMs: afterZero(actions) };
    const why = facts.kind === 'Promoting' ? { reason: facts.active.status.reason } : {};
    return answerFor(facts, active, parts, {
      ...why,
      ...firstTime(facts, active, lost),
      ...ANEW,
      stepExposedAt: undefined,
    });
  },
};

/** Counts one loss once, however many passes it takes until nothing goes to the canary. */
function firstTime(facts: Facts, active: Release, lost: boolean): StatusChange {
  if (active.status !== undefined && isNothing(wantedSplit(active.status))) return {};
  const stepStartedAt = new Date(facts.nowMs).toISOString();
  return lost ? { stepStartedAt, losses: oneMore(active) } : { stepStartedAt };
}

const oneMore = ({ status }: Release): number => (status?.losses ?? 0) + 1;

/**
 * The Service through which the canary is reached is missing, is being deleted, or was not made by Sluice; it is made
 * again at weight 0.
 */
function serviceGone({ traffic, snapshot, maker }: Facts): { reason: Reason; what: string } | undefined {
  const name = traffic?.context.canaryService ?? '';
  if (name === '') return undefined;
  const live = snapshot.services.find((each) => each.metadata.name === name);
  if (live !== undefined && isMadeFor(maker, live) && live.metadata.deletionTimestamp === undefined)
    return undefined;
  return {
    reason: REASON.PreparingCanary,
    what: `Service ${name}, which leads to the canary, is gone`,
  };
}

/**
 * A pod that is not ready gets no requests, so its traffic is gone already, and returns with it: the step begins again.
 * A canary that was scaled to 0 was not lost.
 */
function withoutRouter(facts: Exposed): Answer | undefined {
  const { active } = facts;
  const { deployment, wanted } = facts.canary;
  const scaledAway = deployment !== undefined && wanted === 0;
  if (scaledAway || active.status?.weightObservedAt === undefined || facts.kind === 'Promoting')
    return undefined;
  const sentence = 'The canary has no ready pod left and gets no requests: the step begins again.';
  const parts = { reason: REASON.CanaryUnhealthy, sentence, requeueAfterMs: AT_ONCE };
  const stepStartedAt = new Date(facts.nowMs).toISOString();
  return answerFor(facts, active, parts, {
    stepStartedAt,
    losses: oneMore(active),
    stepExposedAt: undefined,
    weightWrittenAt: undefined,
    weightObservedAt: undefined,
  });
}
