import type { Release } from '../api/kinds/release/release.ts';
import type { ReleaseStatus } from '../api/kinds/release/status.ts';
import type { Facts } from './facts/facts.ts';
import type { Action, Answer, Outcome } from './model.ts';
import { nextStatus, type Said, type StatusChange } from './status/next.ts';

export interface Parts extends Said {
  /** default: wait */
  outcome?: Outcome;
  actions?: Action[];
  requeueAfterMs?: number;
  doubtsHold?: true;
}

/** Look again at once, to act upon what was just recorded or written. */
export const AT_ONCE = 0;
/** Wait at least this long after a write: until the watch reports it, a pass would only send the same write again. */
const SEEN_WITHIN_MS = 100;
/** Look again at something that changes without an event. */
export const POLL_MS = 1_000;
/** Look again at something that a human, or another controller, has to change. */
export const SLOW_MS = 30_000;

/** A decision that leaves the status of every Release as it is. */
export function answer(parts: Parts): Answer {
  const { reason, sentence, outcome = 'wait', actions = [], requeueAfterMs } = parts;
  const least = actions.some((action) => action.do === 'write' || action.do === 'seal') ? SEEN_WITHIN_MS : 0;
  const again = requeueAfterMs === undefined ? {} : { requeueAfterMs: Math.max(least, requeueAfterMs) };
  const late = actions.some((action) => action.do === 'write' && action.heldLate === true);
  const doubts = late || parts.doubtsHold === true ? { doubtsHold: true as const } : {};
  return { reason, sentence, outcome, actions, ...again, ...doubts };
}

/** A decision about one Release, with its next status. */
export function answerFor(facts: Facts, release: Release, parts: Parts, change: StatusChange = {}): Answer {
  const next: ReleaseStatus = nextStatus(facts, release, parts, change);
  return { ...answer(parts), status: { release: release.metadata.name, next } };
}

/** Records the status even if an action fails. */
export const regardless = (answer: Answer): Answer =>
  answer.status === undefined ? answer : { ...answer, status: { ...answer.status, regardless: true } };
