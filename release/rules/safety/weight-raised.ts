import { REASON } from '../../../api/reasons.ts';
import { wantedSplit, type Split } from '../../../api/split.ts';
import { OFF } from '../../../providers/provider.ts';
import { seenText, splitOf } from '../../../providers/shared/wants.ts';
import type { Answer, Rule } from '../../model.ts';
import { NOTHING } from '../../status/next.ts';
import { event } from '../../actions.ts';
import { answerFor, AT_ONCE } from '../../answer.ts';
import { zeroWeight } from '../../plan/leave.ts';
import { stepFacts, type StepFacts } from '../../step/stage.ts';
import { contested, editsAfter, isContested, whoChanged } from '../../step/contested.ts';
import { ANEW } from '../../live/withhold.ts';
import type { Promoting, Stepping } from '../../situation.ts';

type Live = Stepping | Promoting;

/**
 * Another writer changed the route, so that more goes to the canary than was written or is about to be. All of it is
 * taken away at once; the step writes its own weight again, unless this has happened too often. Where the number of
 * pods is the weight, the step corrects it (by-pods-stages).
 */
export const weightRaised: Rule<Live> = {
  name: 'weight-raised',
  decide(facts) {
    if (!isTooMuch(facts)) return undefined;
    const s = stepFacts(facts, facts.active);
    return s === undefined || isOver(facts) ? takenAway(facts) : answered(s);
  },
};

/** The step no longer wants any requests at the canary. */
const isOver = ({ kind, active }: Live): boolean =>
  kind === 'Promoting' || active.status.withheld !== undefined;

const answered = (s: StepFacts): Answer => (isContested(s) ? contested(s) : begunAgain(s));

function isTooMuch(facts: Live): boolean {
  if (facts.traffic === undefined) return false;
  const { observation, provider } = facts.traffic;
  return [wantedSplit(facts.active.status), ...aimsOf(facts)].every((split) =>
    provider.steering.isMore(observation, split),
  );
}

/** Splits that the route may show: the weight that is about to be written, and the one that it replaces. */
function aimsOf(facts: Live): Split[] {
  const s = stepFacts(facts, facts.active);
  if (s === undefined || isOver(facts)) return [OFF];
  const { weightWrittenAt, weightObservedAt } = s.status;
  const before = weightWrittenAt === undefined && weightObservedAt === undefined && s.ladder[s.index - 1];
  return before ? [s.split, splitOf(s.traffic.context.wants, before)] : [s.split];
}

/** Takes all traffic off the canary. No weight is wanted there any more, no matter who writes it. */
function takenAway(facts: Live): Answer {
  const { active } = facts;
  const { observation } = facts.traffic ?? {};
  const seen = observation === undefined ? 'more' : seenText(observation);
  const sentence = `Someone changed the route to ${seen}: all traffic is taken off the canary.`;
  const told = event(facts, 'Warning', REASON.RouteContested, sentence);
  const parts = {
    reason: REASON.RouteContested,
    sentence,
    actions: [...zeroWeight(facts), ...told],
    requeueAfterMs: AT_ONCE,
  };
  const { reason, message } = active.status;
  const kept = facts.kind === 'Promoting' ? { reason } : { reason, message };
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
