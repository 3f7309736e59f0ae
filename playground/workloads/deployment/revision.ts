import { isDeepStrictEqual } from 'node:util';
import type { Deployment, Labels, ReplicaSet } from '../kinds.ts';
import { budgetOf } from './budget.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** Annotations about the Deployment itself, which its ReplicaSets do not get. */
const NOT_COPIED = new Set([
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
]);

export function revisionOf(rs: ReplicaSet): number {
  return numberIn(rs, REVISION) ?? 0;
}

export function numberIn(rs: ReplicaSet, annotation: string): number | undefined {
  const value = Number.parseInt(rs.metadata.annotations?.[annotation] ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}

/** The annotations that a ReplicaSet should have once it is revision `revision` of the Deployment. */
export function revisionAnnotations(deployment: Deployment, rs: ReplicaSet, revision: number): Labels {
  const had = rs.metadata.annotations ?? {};
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => !NOT_COPIED.has(key),
  );
  const next = { ...had, ...Object.fromEntries(copied) };
  if (revisionOf(rs) >= revision) return next;
  const old = had[REVISION];
  next[REVISION] = String(revision);
  // an older revision that comes back records the number that it had
  if (old !== undefined)
    next[REVISION_HISTORY] = had[REVISION_HISTORY] ? `${had[REVISION_HISTORY]},${old}` : old;
  return next;
}

/** The data for later proportional scaling: the size of the Deployment, with its surge. */
export function sizeAnnotations(deployment: Deployment): Labels {
  const { replicas } = deployment.spec;
  return {
    [DESIRED_REPLICAS]: String(replicas),
    [MAX_REPLICAS]: String(replicas + budgetOf(deployment.spec).maxSurge),
  };
}

export function hasAnnotations(rs: ReplicaSet, wanted: Labels): boolean {
  const had = rs.metadata.annotations ?? {};
  return isDeepStrictEqual({ ...had, ...wanted }, had);
}
