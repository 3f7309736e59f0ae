import { byCreation, PODS } from '../kinds.ts';
import type { Pod, ReplicaSet } from '../kinds.ts';
import { controllerOf } from '../ownership.ts';
import { budgetOf } from './budget.ts';
import { ensureRevisions, readRevisions } from './current-replicaset.ts';
import { cleanUp } from './history.ts';
import { active, allOf, availableIn, wanted } from './rollout.ts';
import type { Revisions, Sync } from './rollout.ts';
import { scaleTo } from './scale.ts';
import { isComplete, writeRolloutStatus } from './status.ts';

/**
 * One step of a rolling update: up if there is room; otherwise down if that is safe; otherwise only the
 * status.
 */
export function rollingUpdate(sync: Sync): void {
  const revisions = ensureRevisions(sync);
  const moved =
    revisions.current !== undefined && (growCurrent(sync, revisions) || shrinkOld(sync, revisions));
  finish(sync, revisions, moved);
}

/** All old pods go first; no new pod is made while an old one is left. */
export function recreate(sync: Sync): void {
  const before = readRevisions(sync);
  const running = active(before.old);
  for (const rs of running) scaleTo(sync, rs, 0);
  if (running.length > 0 || hasOldPods(sync, before)) return writeRolloutStatus(sync, before);
  const revisions = ensureRevisions(sync);
  if (revisions.current !== undefined) scaleTo(sync, revisions.current, sync.deployment.spec.replicas);
  finish(sync, revisions, false);
}

function finish(sync: Sync, revisions: Revisions, moved: boolean): void {
  if (!moved && isComplete(sync.deployment, sync.deployment.status ?? {})) cleanUp(sync, revisions.old);
  writeRolloutStatus(sync, revisions);
}

function growCurrent(sync: Sync, revisions: Revisions): boolean {
  const { current } = revisions;
  const { replicas } = sync.deployment.spec;
  if (current === undefined || current.spec.replicas === replicas) return false;
  const ceiling = replicas + budgetOf(sync.deployment.spec).maxSurge;
  const room = Math.max(0, ceiling - wanted(allOf(revisions)));
  const size = Math.min(replicas, current.spec.replicas + room);
  scaleTo(sync, current, size);
  return size !== current.spec.replicas;
}

function shrinkOld(sync: Sync, { current, old }: Revisions): boolean {
  const running = active(old).sort(byCreation);
  if (current === undefined || running.length === 0) return false;
  const { replicas } = sync.deployment.spec;
  const floor = replicas - budgetOf(sync.deployment.spec).maxUnavailable;
  const currentMissing = current.spec.replicas - availableIn(current);
  const mayGo = wanted([...running, current]) - floor - currentMissing;
  if (mayGo <= 0) return false;
  // pods that are not available go first, whatever the limits, because they serve no requests
  const healthy = lower(sync, running, mayGo, (rs) => rs.spec.replicas - availableIn(rs));
  const spare = [...healthy.sets, current].reduce((sum, rs) => sum + lasting(rs), 0) - floor;
  const rest = lower(sync, healthy.sets, Math.max(0, spare), (rs) => rs.spec.replicas);
  return healthy.lowered + rest.lowered > 0;
}

/** Available pods that the ReplicaSet will not delete: its status may be older than its size. */
function lasting(rs: ReplicaSet): number {
  return Math.min(availableIn(rs), rs.spec.replicas);
}

/** Lowers sizes, oldest ReplicaSet first, by at most `limit` in total and `most` each. */
function lower(sync: Sync, sets: readonly ReplicaSet[], limit: number, most: (rs: ReplicaSet) => number) {
  let lowered = 0;
  const after = sets.map((rs) => {
    const by = Math.min(limit - lowered, Math.max(0, most(rs)));
    if (by <= 0) return rs;
    lowered += by;
    return scaleTo(sync, rs, rs.spec.replicas - by);
  });
  return { sets: after, lowered };
}

function hasOldPods(sync: Sync, { old }: Revisions): boolean {
  if (old.some((rs) => (rs.status?.replicas ?? 0) > 0)) return true;
  const uids = new Set(old.map((rs) => rs.metadata.uid));
  const pods = sync.store.list(PODS, sync.deployment.metadata.namespace) as Pod[];
  return pods.some(
    (pod) =>
      uids.has(controllerOf(pod)?.uid) && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded',
  );
}
