import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import { wantedSplit, type Split } from '../../../api/split.ts';
import { OFF } from '../../../providers/provider.ts';
import { seenText, splitOf } from '../../../providers/shared/wants.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf } from '../../facts/records.ts';
import type { Answer } from '../../model.ts';
import { NOTHING } from '../../status/next.ts';
import { event } from '../../actions.ts';
import { answerFor, AT_ONCE, type FactsRule } from '../../answer.ts';
import { zeroWeight } from '../../plan/leave.ts';
import { isLive, stepFacts, type StepFacts } from '../../step/stage.ts';
import { contested, editsAfter, isContested, whoChanged } from '../../step/contested.ts';
import { ANEW } from '../../live/withhold.ts';

/**
 * Somebody turned the route up: more goes to the canary than was written or is about to be. All of it is taken away at once; the step
 * writes its own weight again, unless this has happened too often. Where the number of pods is the weight, the step takes it back (by-pods-stages).
 */
export const turnedUp: FactsRule = {
  name: 'turned-up',
  decide(facts) {
    const { active, traffic } = facts;
    if (active?.status === undefined || traffic === undefined || !isLive(phaseOf(active))) return undefined;
    if (!isTooMuch(facts, active)) return undefined;
    const s = stepFacts(facts, active);
    if (s === undefined || phaseOf(active) === 'Promoting' || active.status.withheld !== undefined)
      return takenAway(facts, active);
    return isContested(s) ? contested(s) : begunAgain(s);
  },
};

function isTooMuch(facts: Facts, active: Release): boolean {
  if (facts.traffic === undefined || active.status === undefined) return false;
  const { observation, provider } = facts.traffic;
  return [wantedSplit(active.status), ...aimsOf(facts, active)].every((split) =>
    provider.steering.isMore(observation, split),
  );
}

/** What the route may show beside what is wanted: the weight that is about to be written, and the one it takes the place of. */
function aimsOf(facts: Facts, active: Release): Split[] {
  const s = stepFacts(facts, active);
  const ended = phaseOf(active) === 'Promoting' || active.status?.withheld !== undefined;
  if (s === undefined || ended) return [OFF];
  const { weightWrittenAt, weightObservedAt } = s.status;
  const before = weightWrittenAt === undefined && weightObservedAt === undefined && s.ladder[s.index - 1];
  return before ? [s.split, splitOf(s.traffic.context.wants, before)] : [s.split];
}

/** Nothing is wanted there any more, whoever writes it. */
function takenAway(facts: Facts, active: Release): Answer {
  const { observation } = facts.traffic ?? {};
  const seen = observation === undefined ? 'more' : seenText(observation);
  const sentence = `Somebody changed the route to ${seen}: all traffic is taken off the canary.`;
  const told = event(facts, 'Warning', REASON.RouteContested, sentence);
  const parts = {
    reason: REASON.RouteContested,
    sentence,
    actions: [...zeroWeight(facts), ...told],
    requeueAfterMs: AT_ONCE,
  };
  const { phase, reason, message } = active.status ?? {};
  const kept = phase === 'Promoting' ? { reason } : { reason, message };
  return answerFor(facts, active, parts, { ...kept, ...NOTHING });
}

function begunAgain(s: StepFacts): Answer {
  const { facts, release } = s;
  const { change, count, limit } = editsAfter(s);
  const sentence = `${whoChanged(s)}: all traffic is taken off the canary, and the step writes its weight again (${count} of ${limit}).`;
  const told = event(facts, 'Warning', REASON.RouteContested, sentence);
  const parts = {
    reason: REASON.RouteContested,
    sentence,
    actions: [...zeroWeight(facts), ...told],
    requeueAfterMs: AT_ONCE,
  };
  const stepStartedAt = new Date(facts.nowMs).toISOString();
  return answerFor(facts, release, parts, { ...change, ...ANEW, phase: 'Progressing', stepStartedAt });
}
