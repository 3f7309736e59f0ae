import type { Reason } from '../../api/reasons.ts';
import { buildConditions } from '../../api/conditions.ts';
import type { Phase, ReleaseStatus } from '../../api/kinds/release/status.ts';
import { oneLine } from '../../lib/text.ts';
import { logged } from './log.ts';

/** Something that has to be done next and cannot be. */
export interface Obstacle {
  reason: Reason;
  sentence: string;
  sinceMs: number;
  /** it does not pass by itself */
  needsHuman: boolean;
}

/** A release that cannot begin or go on waits for somebody; the way out and a promotion stay what they are. */
const HELD_UP: Partial<Record<Phase, Phase>> = { Pending: 'Blocked', Progressing: 'Waiting' };

/** What stands in the API server now. */
interface Now {
  shown: ReleaseStatus | undefined;
  nowMs: number;
}

/** A status, as the release itself has it, with an obstacle shown over it. */
export function withTrouble(stood: ReleaseStatus, obstacle: Obstacle, { shown, nowMs }: Now): ReleaseStatus {
  const { reason, needsHuman } = obstacle;
  const since = new Date(obstacle.sinceMs).toISOString();
  // A server that words the same refusal anew each time would call for a write each time.
  const same = shown?.trouble?.since === since && shown.reason === reason;
  const sentence = same ? shown.message : oneLine(obstacle.sentence);
  const told = stood.decisions.some((each) => each.reason === reason && each.sentence === sentence);
  const entry = { time: new Date(nowMs).toISOString(), reason, sentence };
  const status: ReleaseStatus = {
    ...stood,
    phase: needsHuman ? (HELD_UP[stood.phase] ?? stood.phase) : stood.phase,
    reason,
    message: sentence,
    trouble: { since, needsHuman, phase: stood.phase, reason: stood.reason, message: stood.message },
    decisions: told ? stood.decisions : logged(stood.decisions, entry),
  };
  const { phase, message, observedGeneration } = status;
  const conditions = buildConditions(
    { phase, reason, message, observedGeneration, nowMs, needsHuman },
    shown?.conditions,
  );
  return { ...status, conditions };
}

/** What the release itself had come to: rules decide by this alone. */
export function withoutTrouble(status: ReleaseStatus): ReleaseStatus {
  const { trouble, ...rest } = status;
  return trouble === undefined
    ? status
    : { ...rest, phase: trouble.phase, reason: trouble.reason, message: trouble.message };
}
