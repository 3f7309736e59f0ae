import { isApiFailure, isNamespaceTerminating } from '../queue.ts';
import type { ApiFailure } from '../../apiserver/contract.ts';
import { byCreation, REPLICA_SETS, uidOf } from '../kinds.ts';
import type { Deployment, PodTemplate, ReplicaSet } from '../kinds.ts';
import { CONTROLLER_MANAGER, controllerReference } from '../ownership.ts';
import { sameTemplate, TEMPLATE_HASH, templateHash } from '../template-hash.ts';
import { conditionOf } from '../conditions.ts';
import { budgetOf, isRolling } from './budget.ts';
import { hasAnnotations, REVISION, revisionAnnotations, revisionOf, sizeAnnotations } from './revision.ts';
import { hasDeadline, noteProgress, PROGRESSING, recordScaling, wanted, writeStatus } from './rollout.ts';
import type { Revisions, Sync } from './rollout.ts';

const LONGEST_NAME = 253;

/**
 * Splits the ReplicaSets by template and corrects their revision numbers, which may write: also while paused,
 * a former template that comes back becomes the newest revision.
 */
export function readRevisions(sync: Sync): Revisions {
  const { template } = sync.deployment.spec;
  const found = [...sync.owned].sort(byCreation).find((rs) => sameTemplate(rs.spec.template, template));
  const old = sync.owned.filter((rs) => uidOf(rs) !== (found === undefined ? undefined : uidOf(found)));
  if (found === undefined) return { current: undefined, old };
  return { current: refresh(sync, found, nextRevision(old)), old };
}

/** Like readRevisions, but makes the ReplicaSet of the current template if it does not exist. */
export function ensureRevisions(sync: Sync): Revisions {
  const revisions = readRevisions(sync);
  return revisions.current === undefined ? { ...revisions, current: create(sync, revisions.old) } : revisions;
}

function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

function refresh(sync: Sync, rs: ReplicaSet, revision: number): ReplicaSet {
  const { deployment } = sync;
  const annotations = revisionAnnotations(deployment, rs, revision);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (!hasAnnotations(rs, annotations) || (rs.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    const next = { ...rs, metadata: { ...rs.metadata, annotations }, spec: { ...rs.spec, minReadySeconds } };
    const written = sync.store.update(REPLICA_SETS, next, { fieldManager: CONTROLLER_MANAGER }) as ReplicaSet;
    sync.owned = sync.owned.map((other) => (other === rs ? written : other));
    return written;
  }
  const numbered = numberDeployment(deployment, annotations[REVISION] ?? String(revision));
  const firstSight = hasDeadline(deployment) && conditionOf(deployment.status, PROGRESSING) === undefined;
  if (firstSight) {
    const message = `Found new replica set "${rs.metadata.name}"`;
    noteProgress(sync, { status: 'True', reason: 'FoundNewReplicaSet', message });
  }
  if (numbered || firstSight) writeStatus(sync);
  return rs;
}

function numberDeployment(deployment: Deployment, revision: string): boolean {
  if (deployment.metadata.annotations?.[REVISION] === revision) return false;
  deployment.metadata.annotations = { ...deployment.metadata.annotations, [REVISION]: revision };
  return true;
}

function create(sync: Sync, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  const { deployment } = sync;
  const revision = nextRevision(old);
  const draft = draftReplicaSet(deployment, revision, firstSize(deployment, old));
  let made: ReplicaSet;
  try {
    made = sync.store.create(REPLICA_SETS, draft, { fieldManager: CONTROLLER_MANAGER }) as ReplicaSet;
  } catch (error) {
    if (!isApiFailure(error)) throw error;
    if (isNamespaceTerminating(error)) return undefined;
    noteRefusal(sync, draft.metadata.name, error);
    throw error;
  }
  if (made.spec.replicas > 0) recordScaling(sync, made.metadata.name, 0, made.spec.replicas);
  const numbered = numberDeployment(deployment, String(revision));
  const announce = hasDeadline(deployment);
  if (announce) {
    const message = `Created new replica set "${made.metadata.name}"`;
    noteProgress(sync, { status: 'True', reason: 'NewReplicaSetCreated', message });
  }
  if (numbered || announce) writeStatus(sync);
  return made;
}

function noteRefusal(sync: Sync, name: string, failure: ApiFailure): void {
  const { deployment } = sync;
  if (failure.reason === 'AlreadyExists') {
    // it belongs to another owner, or it would have been found: the next try uses another name
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    deployment.status = { ...deployment.status, collisionCount };
  } else if (hasDeadline(deployment)) {
    const message = `Failed to create new replica set "${name}": ${failure.message}`;
    noteProgress(sync, { status: 'False', reason: 'ReplicaSetCreateError', message });
  }
  writeStatus(sync);
}

function firstSize(deployment: Deployment, old: readonly ReplicaSet[]): number {
  if (!isRolling(deployment.spec)) return deployment.spec.replicas;
  const room = deployment.spec.replicas + budgetOf(deployment.spec).maxSurge - wanted(old);
  return Math.max(0, Math.min(room, deployment.spec.replicas));
}

function draftReplicaSet(deployment: Deployment, revision: number, replicas: number): ReplicaSet {
  const { selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount ?? 0);
  const template = withHash(deployment.spec.template, hash);
  const draft: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name.slice(0, LONGEST_NAME - hash.length - 1)}-${hash}`,
      ...(deployment.metadata.namespace === undefined ? {} : { namespace: deployment.metadata.namespace }),
      labels: { ...template.metadata?.labels },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } },
      template,
    },
  };
  draft.metadata.annotations = {
    ...revisionAnnotations(deployment, draft, revision),
    ...sizeAnnotations(deployment),
  };
  return draft;
}

function withHash(template: PodTemplate, hash: string): PodTemplate {
  const { metadata } = template;
  return { ...template, metadata: { ...metadata, labels: { ...metadata?.labels, [TEMPLATE_HASH]: hash } } };
}
