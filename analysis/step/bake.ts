import type { Verdict } from '../../api/kinds/release/verdict.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import { REASON } from '../../api/reasons.ts';

/** How long a step lasts, and how far it was watched. */
export interface Watched {
  /** time since the weight was observed, which minDuration bounds from below */
  elapsedMs: number;
  /** time from that observation to the end of the last judged window; below 0: no window was judged since */
  measuredMs: number;
  /** windows may be this late */
  lateMs: number;
}

/**
 * With all requests on the canary nothing can be proven any more (docs/adr/0010); the step before did that. It is enough
 * that every metric has data in the newest window and stays within its limits.
 */
export const isWithoutObjection = ({ result, reason, tolerable }: Verdict): boolean =>
  result === 'pass' || (reason === REASON.NothingToCompare && tolerable === true);

type Bake = Pick<Step, 'minDurationMs'>;

/** Was the step watched up to now, and to the end of the bake? */
export const isWatched = ({ minDurationMs }: Bake, { elapsedMs, measuredMs, lateMs }: Watched): boolean =>
  elapsedMs - measuredMs <= lateMs && (elapsedMs < minDurationMs || measuredMs >= minDurationMs);

/** The bake was watched to its end, but its last window does not allow the promotion. */
export const isOverWithout = ({ minDurationMs }: Bake, { measuredMs }: Watched, verdict: Verdict): boolean =>
  measuredMs >= minDurationMs && !isWithoutObjection(verdict);
