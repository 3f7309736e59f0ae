import type { Release } from '../../api/kinds/release/release.ts';
import type { WithheldFor } from '../../api/kinds/release/status.ts';
import { REASON } from '../../api/reasons.ts';
import type { Facts } from '../facts/facts.ts';
import { phaseOf } from '../facts/records.ts';
import type { Answer } from '../model.ts';
import { NOTHING, type StatusChange } from '../status/next.ts';
import { event } from '../actions.ts';
import { answerFor, AT_ONCE, POLL_MS, SLOW_MS } from '../answer.ts';
import { zeroWeight } from '../plan/leave.ts';
import type { Stage, StepFacts } from '../step/stage.ts';
import { probeAnswers } from './measure.ts';

/** How often a step begins again by itself after its weight was withheld for one reason; then a human has to decide. */
const BEGINS_AGAIN = 2;

/** The status with which a step begins again, once something goes to the canary again. */
export const ANEW: StatusChange = {
  ...NOTHING,
  weightWrittenAt: undefined,
  weightObservedAt: undefined,
};

/** What a human's resume resets: the step begins again, no matter why and how often its weight was withheld. */
export const LET_GO: StatusChange = {
  weightWrittenAt: undefined,
  weightObservedAt: undefined,
  stepExposedAt: undefined,
  withheld: undefined,
  interruptions: undefined,
  reasserted: undefined,
  reassertedAt: undefined,
};

/**
 * The judge can do nothing, or must not decide alone: the canary loses its traffic in this pass. The canary's code
 * is not blamed. The step begins again when the cause has passed. A promotion continues without the canary.
 */
export function withhold(
  facts: Facts,
  active: Release,
  { reason, sentence, change = {} }: { reason: WithheldFor; sentence: string; change?: StatusChange },
): Answer {
  const now = new Date(facts.nowMs).toISOString();
  const told = event(facts, 'Warning', reason, sentence);
  const actions = [...zeroWeight(facts), ...told];
  const parts = { reason, sentence, actions, requeueAfterMs: AT_ONCE };
  if (phaseOf(active) === 'Promoting')
    return answerFor(facts, active, parts, { ...change, reason: active.status?.reason, ...NOTHING });
  const before = active.status?.interruptions ?? {};
  return answerFor(
    facts,
    active,
    { ...parts, outcome: 'stalled' },
    {
      ...change,
      ...ANEW,
      phase: 'Waiting',
      stepStartedAt: now,
      stepExposedAt: undefined,
      withheld: { reason, since: now },
      interruptions: { ...before, [reason]: (before[reason] ?? 0) + 1 },
    },
  );
}

/** While the weight is withheld, only weight 0 is written. */
export const withheld: Stage = (s) => {
  const { facts, release, status } = s;
  if (status.withheld === undefined) return undefined;
  const { reason } = status.withheld;
  const actions = zeroWeight(facts);
  if (actions.length === 0 && passesByItself(reason) && hasPassed(s, reason)) {
    const sentence = `${PASSED[reason]}: the step begins again.`;
    const again = { reason: REASON.PreparingCanary, sentence, requeueAfterMs: AT_ONCE };
    const stepStartedAt = new Date(facts.nowMs).toISOString();
    return answerFor(facts, release, again, {
      ...ANEW,
      phase: 'Progressing',
      stepStartedAt,
      withheld: undefined,
    });
  }
  const sentence = sentenceOf(s, reason);
  const requeueAfterMs = actions.length > 0 ? AT_ONCE : reason === 'RouteRejected' ? POLL_MS : SLOW_MS;
  const parts = { reason, sentence, actions, outcome: 'stalled' as const, requeueAfterMs };
  return answerFor(facts, release, parts, { phase: 'Waiting', ...NOTHING });
};

/** What passes without a human. */
type Passing = Exclude<WithheldFor, 'RouteContested' | 'StateUnreadable' | 'HarmSuspected'>;

const PASSED: Record<Passing, string> = {
  DataMissing: 'Data have returned',
  RouteRejected: 'The back end has confirmed weight 0',
};

const passesByItself = (reason: WithheldFor): reason is Passing => Object.hasOwn(PASSED, reason);

/** A human decides, because it happens too often. */
const isHumans = ({ status }: StepFacts, reason: Passing): boolean =>
  (status.interruptions?.[reason] ?? 0) > BEGINS_AGAIN;

function hasPassed(s: StepFacts, reason: Passing): boolean {
  if (isHumans(s, reason)) return false;
  if (reason === REASON.DataMissing) return probeAnswers(s);
  return s.traffic.observation.acknowledged !== 'pending' && s.traffic.observation.problem === undefined;
}

const ASKS = ' This keeps happening: continue the release with "sluice resume", or abort it.';

/** Why the weight was withheld; and, if so, that the release waits for a human. */
function sentenceOf(s: StepFacts, reason: WithheldFor): string {
  const { status } = s;
  const said = status.reason === reason ? status.message.replace(ASKS, '') : `The weight is withheld.`;
  return passesByItself(reason) && isHumans(s, reason) ? `${said}${ASKS}` : said;
}
