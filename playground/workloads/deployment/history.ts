import { byCreation, generationOf, isDeleting, REPLICA_SETS, uidOf } from '../kinds.ts';
import type { ReplicaSet } from '../kinds.ts';
import { revisionOf } from './revision.ts';
import type { Sync } from './rollout.ts';

const NO_LIMIT = 2 ** 31 - 1;

/** Deletes the oldest revisions beyond revisionHistoryLimit, but none that has pods or may still get some. */
export function cleanUp(sync: Sync, old: readonly ReplicaSet[]): void {
  const limit = sync.deployment.spec.revisionHistoryLimit ?? NO_LIMIT;
  const kept = old.filter((rs) => !isDeleting(rs));
  if (limit === NO_LIMIT || kept.length <= limit) return;
  const oldestFirst = kept.sort((a, b) => revisionOf(a) - revisionOf(b) || byCreation(a, b));
  for (const rs of oldestFirst.slice(0, kept.length - limit).filter(isIdle)) {
    const { namespace, name } = rs.metadata;
    sync.store.delete(REPLICA_SETS, namespace, name, { propagationPolicy: 'Background', uid: uidOf(rs) });
  }
}

function isIdle(rs: ReplicaSet): boolean {
  return (
    rs.spec.replicas === 0 &&
    (rs.status?.replicas ?? 0) === 0 &&
    generationOf(rs) <= (rs.status?.observedGeneration ?? 0)
  );
}
