import { REASON } from '../../api/reasons.ts';
import type { PodFacts } from '../facts/workload.ts';
import { timeOf } from '../facts/workload.ts';
import { answerFor, POLL_MS, SLOW_MS } from '../answer.ts';
import type { Stage } from './stage.ts';

/** An arm that does not have its full size within this time may never have it. */
const READY_WITHIN_MS = 120_000;

/**
 * All requests go to the canary only while it has the size of stable, and stable itself has its full size: one write
 * has to be enough to take everything back.
 */
export const switchable: Stage = (s) => {
  if (s.split.weight < 100) return undefined;
  const { canary, stable, nowMs } = s.facts;
  const { replicas } = s.target;
  const behind = (stable?.replicaSet?.pods ?? []).filter(isReady).length;
  const inFront = Math.min(canary.available, canary.ready.length);
  if (inFront >= Math.max(replicas, canary.wanted) && behind >= replicas) return undefined;
  const sentence = `The switch waits until both versions run at full size: ${inFront} of ${Math.max(replicas, canary.wanted)} canary pods and ${behind} of ${replicas} stable pods are ready.`;
  const parts = { reason: REASON.AwaitingFullSize, sentence };
  if (nowMs - timeOf(s.status.stepStartedAt, nowMs) < READY_WITHIN_MS)
    return answerFor(s.facts, s.release, { ...parts, requeueAfterMs: POLL_MS }, { phase: 'Progressing' });
  const stalled = { ...parts, outcome: 'stalled' as const, requeueAfterMs: SLOW_MS };
  return answerFor(s.facts, s.release, stalled, { phase: 'Waiting' });
};

/** The same check, only before the switch. */
export const switchedAtFullSize: Stage = (s) =>
  s.status.weightObservedAt === undefined ? switchable(s) : undefined;

const isReady = ({ ready, deleting }: PodFacts): boolean => ready && !deleting;
