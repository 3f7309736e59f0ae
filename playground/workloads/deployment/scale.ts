import { byCreation, REPLICA_SETS } from '../kinds.ts';
import type { Deployment, ReplicaSet } from '../kinds.ts';
import { CONTROLLER_MANAGER } from '../ownership.ts';
import { budgetOf, isRolling } from './budget.ts';
import { DESIRED_REPLICAS, hasAnnotations, MAX_REPLICAS, numberIn, sizeAnnotations } from './revision.ts';
import { active, allOf, availableIn, recordScaling, wanted } from './rollout.ts';
import type { Revisions, Sync } from './rollout.ts';

/** Writes size and size annotations if they differ; returns the ReplicaSet as it is then. */
export function scaleTo(sync: Sync, rs: ReplicaSet, replicas: number): ReplicaSet {
  const sizes = sizeAnnotations(sync.deployment);
  if (rs.spec.replicas === replicas && hasAnnotations(rs, sizes)) return rs;
  const annotations = { ...rs.metadata.annotations, ...sizes };
  const next = { ...rs, metadata: { ...rs.metadata, annotations }, spec: { ...rs.spec, replicas } };
  const written = sync.store.update(REPLICA_SETS, next, { fieldManager: CONTROLLER_MANAGER }) as ReplicaSet;
  if (rs.spec.replicas !== replicas) recordScaling(sync, rs.metadata.name, rs.spec.replicas, replicas);
  return written;
}

/** Was the Deployment resized since an active ReplicaSet was last written? */
export function isResize(deployment: Deployment, revisions: Revisions): boolean {
  return active(allOf(revisions)).some((rs) => {
    const desired = numberIn(rs, DESIRED_REPLICAS);
    return desired !== undefined && desired !== deployment.spec.replicas;
  });
}

/**
 * Follows the wanted size without continuing the rollout: a single ReplicaSet takes all of it; several share
 * in proportion.
 */
export function resize(sync: Sync, revisions: Revisions): void {
  const { deployment } = sync;
  const only = activeOrLatest(revisions);
  if (only !== undefined) {
    if (only.spec.replicas !== deployment.spec.replicas) scaleTo(sync, only, deployment.spec.replicas);
    return;
  }
  if (isSaturated(deployment, revisions.current)) {
    for (const rs of active(revisions.old)) scaleTo(sync, rs, 0);
    return;
  }
  if (isRolling(deployment.spec)) {
    for (const [rs, size] of proportionalSizes(deployment, active(allOf(revisions)))) scaleTo(sync, rs, size);
  }
}

function activeOrLatest(revisions: Revisions): ReplicaSet | undefined {
  const running = active(allOf(revisions));
  if (running.length > 1) return undefined;
  return running[0] ?? revisions.current ?? [...revisions.old].sort(byCreation).at(-1);
}

function isSaturated(deployment: Deployment, rs: ReplicaSet | undefined): boolean {
  const { replicas } = deployment.spec;
  return (
    rs?.spec.replicas === replicas &&
    numberIn(rs, DESIRED_REPLICAS) === replicas &&
    availableIn(rs) === replicas
  );
}

/** Splits the change in proportion to the present sizes; the largest takes the rest from rounding. */
export function proportionalSizes(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): Map<ReplicaSet, number> {
  const { replicas } = deployment.spec;
  const ceiling = replicas > 0 ? replicas + budgetOf(deployment.spec).maxSurge : 0;
  const change = ceiling - wanted(sets);
  const newestFirst = change > 0 ? -1 : 1;
  const ordered = [...sets].sort(
    (a, b) => b.spec.replicas - a.spec.replicas || newestFirst * byCreation(a, b),
  );
  const sizes = new Map<ReplicaSet, number>();
  let shared = 0;
  for (const rs of ordered) {
    const share = change === 0 ? 0 : clampShare(shareOf(deployment, rs), change, shared);
    shared += share;
    sizes.set(rs, rs.spec.replicas + share);
  }
  const [largest] = ordered;
  if (largest !== undefined) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + change - shared));
  return sizes;
}

function clampShare(share: number, change: number, shared: number): number {
  return change > 0 ? Math.min(share, change - shared) : Math.max(share, change - shared);
}

function shareOf(deployment: Deployment, rs: ReplicaSet): number {
  const { replicas } = deployment.spec;
  if (replicas === 0) return -rs.spec.replicas;
  const before = numberIn(rs, MAX_REPLICAS) ?? deployment.status?.replicas ?? 0;
  if (before === 0) return 0;
  const after = replicas + budgetOf(deployment.spec).maxSurge;
  return Math.round((rs.spec.replicas * after) / before) - rs.spec.replicas;
}
