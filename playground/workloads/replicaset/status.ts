import { isDeepStrictEqual } from 'node:util';
import type { StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { conditionOf, withCondition, withoutCondition } from '../conditions.ts';
import type { Condition } from '../conditions.ts';
import { generationOf, isDeleting, REPLICA_SETS } from '../kinds.ts';
import type { Pod, ReplicaSet, ReplicaSetStatus } from '../kinds.ts';
import { CONTROLLER_MANAGER } from '../ownership.ts';
import { availableAt, isActive, isReady } from '../pods.ts';
import { matchesLabels } from '../selectors.ts';
import { now } from '../time.ts';

const FAILURE = 'ReplicaFailure';

export interface Failure {
  reason: 'FailedCreate' | 'FailedDelete';
  message: string;
}

/** The status for the pods as they were before this sync, and for the failures of this sync. */
export function statusOf(
  rs: ReplicaSet,
  pods: readonly Pod[],
  clock: Clock,
  failure?: Failure,
): ReplicaSetStatus {
  const active = pods.filter(isActive);
  const labels = rs.spec.template.metadata?.labels ?? {};
  const isAvailable = (pod: Pod): boolean =>
    (availableAt(pod, rs.spec.minReadySeconds ?? 0) ?? Number.POSITIVE_INFINITY) <= clock.now();
  const conditions = conditionsOf(rs, clock, failure);
  return {
    replicas: active.length,
    ...positive(
      'fullyLabeledReplicas',
      active.filter((pod) => matchesLabels(labels, pod.metadata.labels)).length,
    ),
    ...positive('readyReplicas', active.filter(isReady).length),
    ...positive('availableReplicas', active.filter(isAvailable).length),
    terminatingReplicas: pods.filter(isDeleting).length,
    observedGeneration: generationOf(rs),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function conditionsOf(rs: ReplicaSet, clock: Clock, failure?: Failure): Condition[] {
  const conditions = rs.status?.conditions ?? [];
  if (failure === undefined) return withoutCondition(conditions, FAILURE);
  if (conditionOf(rs.status, FAILURE) !== undefined) return conditions;
  return withCondition(conditions, {
    type: FAILURE,
    status: 'True',
    lastTransitionTime: now(clock),
    ...failure,
  });
}

function positive(name: keyof ReplicaSetStatus, value: number): ReplicaSetStatus {
  return value > 0 ? { [name]: value } : {};
}

export function writeStatus(store: StoreClient, rs: ReplicaSet, status: ReplicaSetStatus): void {
  if (isDeepStrictEqual(rs.status, status)) return;
  store.update(REPLICA_SETS, { ...rs, status }, { subresource: 'status', fieldManager: CONTROLLER_MANAGER });
}
