import type { StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { conditionOf, withCondition } from '../conditions.ts';
import { DEPLOYMENTS } from '../kinds.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../kinds.ts';
import type { EventRecorder } from '../events.ts';
import { CONTROLLER_MANAGER } from '../ownership.ts';
import { now } from '../time.ts';

/**
 * One sync of one Deployment. `deployment` is our own copy: the rest of the sync sees what the sync writes
 * into it, but its resourceVersion does not change, so a second status write conflicts and the sync is
 * repeated.
 */
export interface Sync {
  store: StoreClient;
  clock: Clock;
  deployment: Deployment;
  /** all ReplicaSets of the Deployment */
  owned: ReplicaSet[];
  events: EventRecorder;
  /** asks for another sync */
  again: (ms: number) => void;
}

/** The ReplicaSet of the current template, if there is one, and the others. */
export interface Revisions {
  current: ReplicaSet | undefined;
  old: ReplicaSet[];
}

export function allOf({ current, old }: Revisions): ReplicaSet[] {
  return current === undefined ? old : [...old, current];
}

export function active(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return sets.filter((rs) => rs.spec.replicas > 0);
}

export function wanted(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, rs) => sum + rs.spec.replicas, 0);
}

export function availableIn(rs: ReplicaSet): number {
  return rs.status?.availableReplicas ?? 0;
}

const NO_DEADLINE = 2 ** 31 - 1;

export function hasDeadline(deployment: Deployment): boolean {
  return (deployment.spec.progressDeadlineSeconds ?? NO_DEADLINE) !== NO_DEADLINE;
}

export interface Progress {
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
}

export const PROGRESSING = 'Progressing';

export function progressOf(deployment: Deployment): string | undefined {
  return conditionOf(deployment.status, PROGRESSING)?.reason;
}

export function recordScaling(sync: Sync, name: string, from: number, to: number): void {
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
  sync.events.record(sync.deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
}

/** Sets the Progressing condition in our copy of the Deployment. */
export function noteProgress(sync: Sync, progress: Progress): void {
  const status: DeploymentStatus = sync.deployment.status ?? {};
  const at = now(sync.clock);
  const condition = { type: PROGRESSING, ...progress, lastUpdateTime: at, lastTransitionTime: at };
  sync.deployment.status = { ...status, conditions: withCondition(status.conditions ?? [], condition) };
}

/** Writes status and annotations (the revision) of our copy. */
export function writeStatus(sync: Sync): void {
  sync.store.update(DEPLOYMENTS, sync.deployment, {
    subresource: 'status',
    fieldManager: CONTROLLER_MANAGER,
  });
}
