import type { Window } from '../../api/analysis.ts';
import { isNothing, wantedSplit } from '../../api/split.ts';
import { intervalOf, isExposed } from '../facts/exposure.ts';
import { timeOf, type PodFacts } from '../facts/workload.ts';
import type { StepFacts } from '../step/stage.ts';

/**
 * The time from which the weight of the step is confirmed and settled, so that measurements count as evidence of its
 * safety.
 */
export function settledFromMs({ status, traffic, policy }: StepFacts): number {
  const observedMs = timeOf(status.weightObservedAt, Infinity);
  return observedMs + (policy.settleMs ?? traffic.provider.settleMs);
}

/** The time from which at least half of the pods that are ready now are warm. */
function warmFromMs({ facts, policy }: StepFacts): number {
  const warm = facts.canary.ready.map((pod) => pod.readyChangedMs + policy.warmupMs).sort((a, b) => a - b);
  return warm[Math.ceil(warm.length / 2) - 1] ?? 0;
}

/**
 * The next window to measure. Windows are closed and of one length, each begins where the last one ended, and the first
 * begins with the first request that may have gone to the canary. If the first ordinary window (weight settled, pods
 * warm) could begin before the next one ends, that one begins instead.
 */
export function windowOf(s: StepFacts): Window {
  const { exposedAt, analysis } = s.status;
  const settledMs = settledFromMs(s);
  const ordinaryMs = Math.max(settledMs, warmFromMs(s));
  const lengthMs = intervalOf(s.facts);
  const firstMs = Math.min(timeOf(exposedAt, Infinity), settledMs);
  const beginMs = Math.max(analysis?.measuredUntilMs ?? 0, firstMs);
  const skips = beginMs < ordinaryMs && ordinaryMs < beginMs + lengthMs;
  const startMs = skips ? ordinaryMs : beginMs;
  return { startMs, endMs: startMs + lengthMs };
}

/**
 * Something may be measured: the canary has requests that are not being taken away, or its step gets data without live
 * requests.
 */
export const isMeasurable = ({ facts, status }: StepFacts): boolean =>
  isExposed(facts)
    ? !isNothing(wantedSplit(status))
    : status.phase !== 'Promoting' && status.weightObservedAt !== undefined;

/** Fewer than half of the canary's ready pods were warm: errors are judged with the warm-up margin. */
export const isWarming = (s: StepFacts, { startMs }: Window): boolean => startMs < warmFromMs(s);

/** Do measurements of this window count as evidence of the step's safety? */
export const counts = (s: StepFacts, { startMs }: Window): boolean => startMs >= settledFromMs(s);

/** Ready pods that were not warm at that time. */
export const coldPods = ({ facts, policy }: StepFacts, atMs: number): PodFacts[] =>
  facts.canary.ready.filter((pod) => pod.readyChangedMs + policy.warmupMs > atMs);
