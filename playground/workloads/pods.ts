import { conditionOf, isTrue } from './conditions.ts';
import { isDeleting } from './kinds.ts';
import type { Pod } from './kinds.ts';
import { millis } from './time.ts';

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/** Counts towards its ReplicaSet: neither finished nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isDeleting(pod);
}

export function isReady(pod: Pod): boolean {
  return isTrue(pod.status, 'Ready');
}

/** Milliseconds since the epoch; 0 when the pod is not ready. */
export function readySince(pod: Pod): number {
  return isReady(pod) ? millis(conditionOf(pod.status, 'Ready')?.lastTransitionTime) : 0;
}

/** When the pod is (or was) ready for long enough; undefined while it is not ready. */
export function availableAt(pod: Pod, minReadySeconds: number): number | undefined {
  return isReady(pod) ? readySince(pod) + minReadySeconds * 1000 : undefined;
}

export function restartsOf(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}
