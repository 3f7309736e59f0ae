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

/** Look again at once: what was recorded or written now is to be acted upon. */
export const AT_ONCE = 0;
/** The watch tells of a write; until it does, the same write would only be sent again. */
const SEEN_WITHIN_MS = 100;
/** Look again at something that changes without a sign. */
export const POLL_MS = 1_000;
/** Look again at what a human, or another controller, has to change. */
export const SLOW_MS = 30_000;

/** A decision that touches no Release's status. */
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

/** The status is recorded also if an action fails. */
export const regardless = (answer: Answer): Answer =>
  answer.status === undefined ? answer : { ...answer, status: { ...answer.status, regardless: true } };
