import type { Reason } from '../../api/reasons.ts';
import { buildConditions } from '../../api/conditions.ts';
import type { Phase, ReleaseStatus } from '../../api/kinds/release/status.ts';
import { oneLine } from '../../lib/text.ts';
import { logged } from './log.ts';

/** Something that has to be done next and is not possible. */
export interface Obstacle {
  reason: Reason;
  sentence: string;
  sinceMs: number;
  /** it does not pass by itself */
  needsHuman: boolean;
}

/** A release that cannot begin or continue waits for a human; a way out or a promotion keeps its phase. */
const HELD_UP: Partial<Record<Phase, Phase>> = { Pending: 'Blocked', Progressing: 'Waiting' };

/** The status now in the API server. */
interface Now {
  shown: ReleaseStatus | undefined;
  nowMs: number;
}

/** The release's own status, with an obstacle shown over it. */
export function withTrouble(stood: ReleaseStatus, obstacle: Obstacle, { shown, nowMs }: Now): ReleaseStatus {
  const { reason, needsHuman } = obstacle;
  const since = new Date(obstacle.sinceMs).toISOString();
  // A server that words the same refusal differently each time would cause a write each time.
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

/** The release's own state without the obstacle: rules decide only by this. */
export function withoutTrouble(status: ReleaseStatus): ReleaseStatus {
  const { trouble, ...rest } = status;
  return trouble === undefined
    ? status
    : { ...rest, phase: trouble.phase, reason: trouble.reason, message: trouble.message };
}
