import { isDeepStrictEqual } from 'node:util';
import { conditionOf, withCondition, withoutCondition } from '../conditions.ts';
import type { Condition } from '../conditions.ts';
import { generationOf } from '../kinds.ts';
import type { Deployment, DeploymentStatus, ReplicaSet, ReplicaSetStatus } from '../kinds.ts';
import { millis, now } from '../time.ts';
import { budgetOf } from './budget.ts';
import { allOf, hasDeadline, PROGRESSING, wanted, writeStatus } from './rollout.ts';
import type { Progress, Revisions, Sync } from './rollout.ts';

const COMPLETE = 'NewReplicaSetAvailable';
export const TIMED_OUT = 'ProgressDeadlineExceeded';
const REPLICA_FAILURE = 'ReplicaFailure';

/** Writes the status of a Deployment that is only scaled or observed: it says nothing new about progress. */
export function writePlainStatus(sync: Sync, revisions: Revisions): void {
  write(sync, countedStatus(sync, revisions));
}

/** Writes the status of a Deployment that rolls out, with its Progressing and ReplicaFailure conditions. */
export function writeRolloutStatus(sync: Sync, revisions: Revisions): void {
  const status = countedStatus(sync, revisions);
  const progressed = withProgress(sync, revisions, status);
  const failure = failureOf(revisions);
  const next = {
    ...progressed,
    conditions:
      failure === undefined
        ? withoutCondition(progressed.conditions ?? [], REPLICA_FAILURE)
        : withCondition(progressed.conditions ?? [], failure),
  };
  if (!write(sync, next)) lookAgainAtDeadline(sync, next);
}

function write(sync: Sync, status: DeploymentStatus): boolean {
  if (isDeepStrictEqual(sync.deployment.status ?? {}, status)) return false;
  sync.deployment.status = status;
  writeStatus(sync);
  return true;
}

/** Every pod is updated and available, no old pod is left, and the latest spec was observed. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { replicas } = deployment.spec;
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= generationOf(deployment)
  );
}

function countedStatus(sync: Sync, revisions: Revisions): DeploymentStatus {
  const { deployment } = sync;
  const sets = allOf(revisions);
  const available = total(sets, 'availableReplicas');
  const { collisionCount, conditions } = deployment.status ?? {};
  const { replicas } = deployment.spec;
  const enough = available >= replicas - budgetOf(deployment.spec).maxUnavailable;
  const at = now(sync.clock);
  const condition: Condition = {
    type: 'Available',
    status: enough ? 'True' : 'False',
    lastUpdateTime: at,
    lastTransitionTime: at,
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  };
  return {
    observedGeneration: generationOf(deployment),
    ...positive('replicas', total(sets, 'replicas')),
    ...positive('updatedReplicas', revisions.current?.status?.replicas ?? 0),
    ...positive('readyReplicas', total(sets, 'readyReplicas')),
    ...positive('availableReplicas', available),
    ...positive('unavailableReplicas', wanted(sets) - available),
    terminatingReplicas: total(sets, 'terminatingReplicas'),
    conditions: withCondition(conditions ?? [], condition),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
}

type Count = 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas';

function total(sets: readonly ReplicaSet[], count: Count & keyof ReplicaSetStatus): number {
  return sets.reduce((sum, rs) => sum + (rs.status?.[count] ?? 0), 0);
}

/** The API omits zeros. */
function positive(name: string, value: number): Record<string, number> {
  return value > 0 ? { [name]: value } : {};
}

function withProgress(sync: Sync, revisions: Revisions, status: DeploymentStatus): DeploymentStatus {
  const conditions = status.conditions ?? [];
  if (!hasDeadline(sync.deployment))
    return { ...status, conditions: withoutCondition(conditions, PROGRESSING) };
  const before = conditionOf(sync.deployment.status, PROGRESSING);
  const settled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && before?.reason === COMPLETE;
  const progress = settled ? undefined : progressNow(sync, revisions, status);
  if (progress === undefined) return status;
  const at = now(sync.clock);
  const next: Condition = { type: PROGRESSING, lastUpdateTime: at, lastTransitionTime: at, ...progress };
  // each progress updates lastUpdateTime, from which the deadline counts
  const refreshed =
    progress.reason === 'ReplicaSetUpdated' ? withoutCondition(conditions, PROGRESSING) : conditions;
  if (refreshed !== conditions && before?.status === 'True') {
    next.lastTransitionTime = before.lastTransitionTime ?? at;
  }
  return { ...status, conditions: withCondition(refreshed, next) };
}

function progressNow(sync: Sync, revisions: Revisions, status: DeploymentStatus): Progress | undefined {
  const { deployment } = sync;
  const subject =
    revisions.current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${revisions.current.metadata.name}"`;
  if (isComplete(deployment, status)) {
    return { status: 'True', reason: COMPLETE, message: `${subject} has successfully progressed.` };
  }
  if (isMoving(deployment.status ?? {}, status)) {
    return { status: 'True', reason: 'ReplicaSetUpdated', message: `${subject} is progressing.` };
  }
  if (isTimedOut(sync, status)) {
    return { status: 'False', reason: TIMED_OUT, message: `${subject} has timed out progressing.` };
  }
  return undefined;
}

function isMoving(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(sync: Sync, status: DeploymentStatus): boolean {
  const condition = conditionOf(status, PROGRESSING);
  if (condition === undefined || condition.reason === COMPLETE) return false;
  return condition.reason === TIMED_OUT || deadlineAt(sync.deployment, condition) < sync.clock.now();
}

function deadlineAt(deployment: Deployment, condition: Condition): number {
  return millis(condition.lastUpdateTime) + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
}

/** A stuck rollout causes no event, so the deadline needs a sync of its own. */
function lookAgainAtDeadline(sync: Sync, status: DeploymentStatus): void {
  const condition = conditionOf(status, PROGRESSING);
  if (condition === undefined || condition.reason === COMPLETE || condition.reason === TIMED_OUT) return;
  if (!hasDeadline(sync.deployment) || isComplete(sync.deployment, status)) return;
  sync.again(Math.max(0, deadlineAt(sync.deployment, condition) - sync.clock.now()) + 1000);
}

function failureOf({ current, old }: Revisions): Condition | undefined {
  const failures = [...(current === undefined ? [] : [current]), ...old];
  const found = failures
    .map((rs) => conditionOf(rs.status, REPLICA_FAILURE))
    .find((condition) => condition !== undefined);
  return found?.lastTransitionTime === undefined
    ? found
    : { ...found, lastUpdateTime: found.lastTransitionTime };
}
