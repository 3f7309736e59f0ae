import { REASON } from '../../api/reasons.ts';
import type { PromotedFor } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { Facts } from '../facts/facts.ts';
import type { Answer } from '../model.ts';
import type { Said, StatusChange } from '../status/next.ts';
import { answerFor, AT_ONCE } from '../answer.ts';

export interface Promotion extends Said {
  /** the order behind the promotion: it must still hold when the target is about to roll out */
  promotedFor: PromotedFor;
}

/**
 * Records that a release is to be promoted and why. Nothing is written to the target before this record is stored;
 * losing it costs only a pass. The reason stays the status' reason to the end.
 */
export function promote(
  facts: Facts,
  release: Release,
  { promotedFor, ...said }: Promotion,
  change: StatusChange = {},
): Answer {
  const stepStartedAt = new Date(facts.nowMs).toISOString();
  const next: StatusChange = {
    ...change,
    phase: 'Promoting',
    promotedFor,
    stepStartedAt,
    drainStartedAt: undefined,
  };
  return answerFor(facts, release, { ...said, requeueAfterMs: AT_ONCE }, next);
}

/** The promotion that follows from the result of the last step. */
export function afterLastStep(said: Said): Promotion {
  if (said.reason === REASON.StepPassed)
    return { ...said, reason: REASON.AllStepsPassed, promotedFor: 'Analysis' };
  return { ...said, promotedFor: said.reason === REASON.ResumedByHuman ? 'Answer' : 'Inconclusive' };
}
