import type { Verdict } from '../../api/analysis.ts';
import { formatDuration } from '../../lib/duration.ts';
import { REASON } from '../../api/reasons.ts';
import { timeOf } from '../facts/workload.ts';
import { windowOf } from '../live/window.ts';
import type { StepFacts } from './stage.ts';

/** Windows may lag behind a Prometheus that is slow, or was away; so many of them are forgiven. */
const LATE_WINDOWS = 3;

/**
 * With all requests on the canary nothing can be proven any more (docs/adr/0010): that was the business of the step before. It is
 * enough that every metric has data in the newest window and stays within its limits, up to now and to the end of the bake.
 */
export function holdsBaking(s: StepFacts, verdict: Verdict): boolean {
  return isWithoutObjection(verdict) && isWatched(s);
}

const isWithoutObjection = ({ result, reason, tolerable }: Verdict): boolean =>
  result === 'pass' || (reason === REASON.NothingToCompare && tolerable === true);

function isWatched(s: StepFacts): boolean {
  const { nowMs, snapshot } = s.facts;
  const endMs = bakeEndMs(s);
  const untilMs = watchedUntilMs(s);
  const { startMs, endMs: nextMs } = windowOf(s);
  const lateMs = LATE_WINDOWS * (nextMs - startMs) + snapshot.config.scrapeLagMs;
  return nowMs - untilMs <= lateMs && (nowMs < endMs || untilMs >= endMs);
}

/**
 * Why a bake that was watched to its end does not end in promotion, for the human who is asked. undefined: it lasts, its last
 * window is still to come, or there is no objection.
 */
export function withheldAfterBake(s: StepFacts): string | undefined {
  const { verdict } = s.status;
  const isOver = s.split.weight === 100 && watchedUntilMs(s) >= bakeEndMs(s);
  if (!isOver || verdict === undefined || isWithoutObjection(verdict)) return undefined;
  return `The bake of ${formatDuration(s.step.minDurationMs)} is over and all requests go to the new version, but its promotion is withheld: ${verdict.sentence}. Let the release go on, or abort it; a later window without objection promotes it as well.`;
}

/** Nothing was proven in it, so the numbers alone would not say why it ends. */
export const wellBaked = ({ step }: StepFacts, measured: string): string =>
  `The bake of ${formatDuration(step.minDurationMs)} is over without objection: ${measured}`;

const bakeEndMs = ({ status, facts, step }: StepFacts): number =>
  timeOf(status.weightObservedAt, facts.nowMs) + step.minDurationMs;

const watchedUntilMs = ({ status }: StepFacts): number => status.analysis?.measuredUntilMs ?? 0;
