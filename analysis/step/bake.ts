import type { Verdict } from '../../api/kinds/release/verdict.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import { REASON } from '../../api/reasons.ts';

/** How long a step lasts, and how far it was watched. */
export interface Watched {
  /** since the weight was observed: what minDuration asks for */
  elapsedMs: number;
  /** the same up to the end of the last judged window; below 0: no window since */
  measuredMs: number;
  /** windows may lag so far behind */
  lateMs: number;
}

/**
 * With all requests on the canary nothing can be proven any more (docs/adr/0010): that was the business of the step before. It is
 * enough that every metric has data in the newest window and stays within its limits.
 */
export const isWithoutObjection = ({ result, reason, tolerable }: Verdict): boolean =>
  result === 'pass' || (reason === REASON.NothingToCompare && tolerable === true);

type Bake = Pick<Step, 'minDurationMs'>;

/** Up to now, and to the end of the bake. */
export const isWatched = ({ minDurationMs }: Bake, { elapsedMs, measuredMs, lateMs }: Watched): boolean =>
  elapsedMs - measuredMs <= lateMs && (elapsedMs < minDurationMs || measuredMs >= minDurationMs);

/** It was watched to its end, and its last window does not let it end in promotion. */
export const isOverWithout = ({ minDurationMs }: Bake, { measuredMs }: Watched, verdict: Verdict): boolean =>
  measuredMs >= minDurationMs && !isWithoutObjection(verdict);
