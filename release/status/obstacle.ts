import { REASON } from '../../api/reasons.ts';
import type { RefusalKind, RefusedWrite } from '../model.ts';
import type { Obstacle } from './trouble.ts';

/** Validation or admission that keeps refusing for this long will not change its answer. */
export const LASTING_MS = 30_000;
/** A server that could not carry out a write gets this long before the status shows it. */
const SHOWN_AFTER_MS = 10_000;

/** Which refused write is shown, and how. Rules report some of them themselves; those are left out. */
export function obstacleOf(refused: readonly RefusedWrite[], nowMs: number): Obstacle | undefined {
  const worst = (['right', 'refused', 'transient'] as const)
    .flatMap((kind) => refused.filter((each) => each.kind === kind))
    .find((each) => (each.kind === 'transient' ? nowMs - each.sinceMs >= SHOWN_AFTER_MS : !each.noted));
  if (worst === undefined) return undefined;
  const needsHuman =
    worst.kind === 'right' || (worst.kind === 'refused' && nowMs - worst.sinceMs >= LASTING_MS);
  return { reason: REASONS[worst.kind], sentence: sentenceOf(worst), sinceMs: worst.sinceMs, needsHuman };
}

const REASONS = {
  right: REASON.Forbidden,
  refused: REASON.Refused,
  transient: REASON.ActionFailed,
} as const;

/** One sentence about a write that did not take place: what, why, the server's own words, and what helps. */
export function sentenceOf({ kind, verb, resource, name, why, message }: RefusedWrite): string {
  switch (kind) {
    case 'right':
      return `Sluice may not ${verb} ${resource} ${name} (${why}): ${message}; give its account the verb ${verb} on ${resource} (docs/operations.md, Permissions), and Sluice continues by itself.`;
    case 'refused':
      return `The API server refuses to ${verb} ${resource} ${name} (${why}): ${message}`;
    case 'transient':
      return `The API server could not ${verb} ${resource} ${name} (${why}): ${message}; Sluice tries again.`;
  }
}

/** Admission refuses with the same code as a missing right; the words of its answer tell them apart. */
const BY_ADMISSION = /denied (?:the )?request|exceeded quota/;

/**
 * transient: the server could not, or another writer was faster. right: Sluice lacks a right. refused: validation or
 * admission refuses the write, and will do so again.
 */
export function refusalKind({ code, message }: Pick<RefusedWrite, 'code' | 'message'>): RefusalKind {
  if (code === 403) return BY_ADMISSION.test(message) ? 'refused' : 'right';
  return [400, 405, 413, 415, 422].includes(code) ? 'refused' : 'transient';
}
