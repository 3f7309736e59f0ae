import type { Verdict } from '../../../api/analysis.ts';
import { REASON } from '../../../api/reasons.ts';
import { timeOf } from '../../facts/workload.ts';
import { windowOf } from './analysis-stages.ts';
import type { StepFacts } from './stage.ts';

/** Windows may lag behind a Prometheus that is slow, or was away; so many of them are forgiven. */
const LATE_WINDOWS = 3;

/**
 * With all requests on the canary nothing can be proven any more (docs/adr/0010): that was the business of the step before. It is
 * enough that every metric has data in the newest window and stays within its limits, up to now and to the end of the bake.
 */
export function holdsBaking(s: StepFacts, { result, reason, tolerable }: Verdict): boolean {
  const holds = result === 'pass' || (reason === REASON.NothingToCompare && tolerable === true);
  return holds && isWatched(s);
}

function isWatched(s: StepFacts): boolean {
  const { analysis, weightObservedAt } = s.status;
  const { nowMs, snapshot } = s.facts;
  const untilMs = analysis?.measuredUntilMs ?? 0;
  const { startMs, endMs } = windowOf(s);
  const lateMs = LATE_WINDOWS * (endMs - startMs) + snapshot.config.scrapeLagMs;
  const bakeEndMs = timeOf(weightObservedAt, nowMs) + s.step.minDurationMs;
  return nowMs - untilMs <= lateMs && (nowMs < bakeEndMs || untilMs >= bakeEndMs);
}
