import { REASON } from '../../api/reasons.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { Steering } from '../../providers/provider.ts';
import type { Facts } from '../facts/facts.ts';
import type { Action, Answer } from '../model.ts';
import { answerFor, AT_ONCE, SLOW_MS } from '../answer.ts';
import { zeroWeight } from '../plan/leave.ts';
import { judged, justJudged } from '../live/judged.ts';
import { withheld } from '../live/withhold.ts';
import { podsObserved, podsScaled } from './by-pods-stages.ts';
import { canaryAvailable, canaryExists, canaryScaled, serviceExists } from './canary-stages.ts';
import { companionsFollow, withCompanions } from './companion-stages.ts';
import { onConclusion } from './conclusion.ts';
import { routesThere, stableServiceThere } from './gone-stages.ts';
import { stepFacts, type Stage, type StepFacts } from './stage.ts';
import { switchedAtFullSize } from './switch-stages.ts';
import { drifted, originalsRecorded, reassert, weightObserved, weightWritten } from './weight-stages.ts';

/**
 * Too little traffic (or a disagreement between rules) is corrected only when a window has just been judged: Sluice
 * itself may have taken the traffic away, and lost the record of why.
 */
const mended: Stage = (s) => (drifted(s) && justJudged(s) ? reassert(s) : undefined);

/**
 * In this order; the first stage that has something to do or to wait for answers. The safety rules were asked before
 * (rules/safety).
 */
const BY_ROUTES: readonly Stage[] = [
  withheld,
  routesThere,
  stableServiceThere,
  companionsFollow,
  canaryExists,
  canaryScaled,
  canaryAvailable,
  serviceExists,
  originalsRecorded,
  switchedAtFullSize,
  weightWritten,
  weightObserved,
  mended,
];

/**
 * Without a router: the number of canary pods is the weight, and clients that send to stable pods also send to them.
 */
const BY_PODS: readonly Stage[] = [
  withheld,
  companionsFollow,
  canaryExists,
  podsScaled,
  canaryAvailable,
  podsObserved,
  mended,
];

const STAGES: Record<Steering['by'], readonly Stage[]> = { routes: BY_ROUTES, pods: BY_PODS };

/** One step of the ladder, from the canary's size to the verdict. */
export function goOnWithStep(facts: Facts, release: Release): Answer {
  const s = stepFacts(facts, release);
  if (s === undefined) return unreadable(facts, release);
  const known = judged(s);
  const answer = withCompanions(known ?? s, stepOn(known ?? s));
  return known === undefined ? answer : recorded(known, answer);
}

function stepOn(s: StepFacts): Answer {
  for (const stage of STAGES[s.traffic.provider.steering.by]) {
    const answer = stage(s);
    if (answer !== undefined) return answer;
  }
  return onConclusion(s);
}

/**
 * Records in this pass what was judged. Writes that may be refused wait for the next pass: if one failed, the status
 * would not be written, and a window that is not recorded would be judged again for ever.
 */
function recorded(s: StepFacts, answer: Answer): Answer {
  const { analysis, verdict, share } = s.status;
  if (!answer.actions.some(mayFail) && answer.status !== undefined) {
    const { next } = answer.status;
    // a new step has statistics of its own
    return next.step === s.index && next.analysis?.measuredUntilMs !== analysis?.measuredUntilMs
      ? withKnown(s, answer)
      : answer;
  }
  const { reason = REASON.Measuring, message = '' } = s.release.status ?? {};
  const sentence = message === '' ? 'A window was judged.' : message;
  const parts = { reason, sentence, requeueAfterMs: AT_ONCE };
  const waitsFor = s.release.status?.waitsFor;
  return answerFor(s.facts, s.release, parts, { analysis, verdict, share, waitsFor });
}

function withKnown({ status: { analysis, verdict, share } }: StepFacts, answer: Answer): Answer {
  if (answer.status === undefined) return answer;
  const known = {
    ...(analysis === undefined ? {} : { analysis }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(share === undefined ? {} : { share }),
  };
  return { ...answer, status: { ...answer.status, next: { ...answer.status.next, ...known } } };
}

const mayFail = (action: Action): boolean =>
  action.do === 'write' && action.urgent !== true && action.onRefusal?.then !== 'goOn';

/**
 * The record was damaged: nothing can be judged by it and the release does not continue, but a human can still abort.
 */
function unreadable(facts: Facts, release: Release): Answer {
  const sentence =
    'spec of the Release cannot be read any more: the canary gets no requests; abort it with intent Abort.';
  const actions = zeroWeight(facts);
  const parts = {
    reason: REASON.InvalidRelease,
    sentence,
    actions,
    outcome: 'stalled' as const,
    requeueAfterMs: SLOW_MS,
  };
  return answerFor(facts, release, parts, { phase: 'Waiting', weight: 0, weightObservedAt: undefined });
}
