import { formatDuration } from '../../../lib/duration.ts';
import type { Looks } from '../../../api/kinds/template/looks.ts';

/** How far a step is on the schedule of a test with a limited number of looks. Plain JSON. */
export interface Schedule {
  /** time of this step that was measured with data, in milliseconds */
  measuredMs: number;
  /** looks taken in this step */
  taken: number;
}

export const NOT_BEGUN: Schedule = { measuredMs: 0, taken: 0 };

/** The schedule after a window with data; a window that covers several looks takes them as one. */
export function elapse<T extends Schedule>(schedule: T, { looks, horizonMs }: Looks, ms: number): T {
  const measuredMs = Math.min(horizonMs, schedule.measuredMs + ms);
  // a millisecond of rounding must not delay a look by a whole window
  const due = Math.floor(((measuredMs + 1) * looks) / horizonMs);
  return { ...schedule, measuredMs, taken: Math.max(schedule.taken, Math.min(looks, due)) };
}

/** The level of each look: the risk is split over all looks of all steps (Bonferroni). */
export function levelPerLook(risk: number, { looks }: Looks, steps: number): number {
  return risk / (looks * Math.max(1, steps));
}

/** "look 1 of 2 comes after 6m15s of 12m30s; 3m measured in this step" */
export function nextLookText({ measuredMs, taken }: Schedule, { looks, horizonMs }: Looks): string {
  const at = formatDuration(seconds(((taken + 1) * horizonMs) / looks));
  const measured = formatDuration(seconds(measuredMs));
  return `look ${taken + 1} of ${looks} comes after ${at} of ${formatDuration(horizonMs)}, ${measured} measured in this step`;
}

function seconds(ms: number): number {
  return Math.round(ms / 1000) * 1000;
}

/** Is this a schedule, as stored? */
export function isSchedule(value: object): value is Schedule {
  const { measuredMs, taken } = value as Record<string, unknown>;
  return isAmount(measuredMs) && isAmount(taken) && Number.isInteger(taken);
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
