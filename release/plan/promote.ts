import type { Release } from '../../api/release.ts';
import type { Facts } from '../facts/facts.ts';
import type { Answer } from '../model.ts';
import type { Said, StatusChange } from '../status/next.ts';
import { answerFor, AT_ONCE } from '../answer.ts';

/**
 * Records that a release is to be promoted and why. Nothing is written to the target before this is durable: a lost
 * record only costs a pass. The reason stays the status' reason to the end.
 */
export function promote(facts: Facts, release: Release, said: Said, change: StatusChange = {}): Answer {
  const stepStartedAt = new Date(facts.nowMs).toISOString();
  const next: StatusChange = { ...change, phase: 'Promoting', stepStartedAt, drainStartedAt: undefined };
  return answerFor(facts, release, { ...said, requeueAfterMs: AT_ONCE }, next);
}
