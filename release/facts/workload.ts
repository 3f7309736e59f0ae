import { getInteger, getNumber, getObject, getObjects, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION, FIELD_MANAGER } from '../../api/names.ts';
import { templateOf, templatesEqual } from '../canary/index.ts';
import type { Snapshot } from '../model.ts';
import { containerEnds, type ContainerEnds } from './container-ends.ts';

export interface PodFacts {
  object: KubeObject;
  name: string;
  deleting: boolean;
  /**
   * evicted, failed or completed: it never runs again, and stays listed under its ReplicaSet until garbage collection
   */
  finished: boolean;
  ready: boolean;
  /** when the Ready condition last changed; without that condition, when the pod was made */
  readyChangedMs: number;
  createdMs: number;
  restarts: number;
  /** containers that have ended by themselves; [] where none has */
  ends: ContainerEnds[];
  /** why a container waits, e.g. CrashLoopBackOff */
  waiting: string | undefined;
  /** the scheduler's message, and since when */
  unschedulable: { message: string; sinceMs: number } | undefined;
}

export interface ReplicaSetFacts {
  object: KubeObject;
  name: string;
  /** the template as the Deployment wrote it, without the hash label */
  template: JsonObject;
  wanted: number;
  available: number;
  /** pods that are neither being deleted nor finished */
  pods: PodFacts[];
  /** it runs pods, or is about to */
  active: boolean;
}

export interface WorkloadFacts {
  object: KubeObject;
  name: string;
  uid: string;
  generation: number;
  deleting: boolean;
  paused: boolean;
  replicas: number;
  template: JsonObject;
  annotations: Record<string, string>;
  /** the value of the marker sluice.dev/held */
  marker: string | undefined;
  /** Sluice itself, not the author, last set spec.paused */
  pausedBySluice: boolean;
  replicaSets: ReplicaSetFacts[];
  progressDeadlineMs: number;
  /** the native controller has seen the present generation */
  observed: boolean;
}

export function timeOf(text: string | undefined, otherwise: number): number {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? otherwise : ms;
}

/** A Deployment with the ReplicaSets it owns and their pods. */
export function workload(object: KubeObject, snapshot: Snapshot): WorkloadFacts {
  const { metadata } = object;
  const generation = metadata.generation ?? 0;
  const annotations = getStringMap(object, 'metadata', 'annotations');
  const owned = snapshot.replicaSets.filter((each) => isOwnedBy(each, 'Deployment', metadata.uid ?? ''));
  const pods = podsByOwner(snapshot.pods);
  return {
    object,
    name: metadata.name,
    uid: metadata.uid ?? '',
    generation,
    deleting: metadata.deletionTimestamp !== undefined,
    paused: object.spec?.['paused'] === true,
    replicas: getInteger(object, 'spec', 'replicas') ?? 1,
    template: getObject(object, 'spec', 'template') ?? {},
    annotations,
    marker: annotations[ANNOTATION.held],
    pausedBySluice: pausedBySluice(object),
    replicaSets: owned.map((each) => replicaSetFacts(each, pods.get(each.metadata.uid ?? '') ?? [])),
    progressDeadlineMs: (getNumber(object, 'spec', 'progressDeadlineSeconds') ?? 600) * 1000,
    observed: (getInteger(object, 'status', 'observedGeneration') ?? 0) >= generation,
  };
}

/** The API server records which manager set a field; a field that admission changed has no owner. */
function pausedBySluice(object: KubeObject): boolean {
  return getObjects(object, 'metadata', 'managedFields').some(
    (entry) =>
      getString(entry, 'manager') === FIELD_MANAGER &&
      getObject(entry, 'fieldsV1', 'f:spec', 'f:paused') !== undefined,
  );
}

export function isOwnedBy(object: KubeObject, kind: string, uid: string): boolean {
  return (object.metadata.ownerReferences ?? []).some((owner) => owner.kind === kind && owner.uid === uid);
}

/**
 * Pods by the uid of their ReplicaSet: searching all pods for each ReplicaSet would cost the product of both numbers.
 */
function podsByOwner(pods: readonly KubeObject[]): Map<string, KubeObject[]> {
  const byOwner = new Map<string, KubeObject[]>();
  for (const pod of pods)
    for (const { kind, uid } of pod.metadata.ownerReferences ?? [])
      if (kind === 'ReplicaSet') listIn(byOwner, uid).push(pod);
  return byOwner;
}

function listIn(lists: Map<string, KubeObject[]>, key: string): KubeObject[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function replicaSetFacts(object: KubeObject, owned: readonly KubeObject[]): ReplicaSetFacts {
  const pods = owned.map(podFacts).filter((pod) => !pod.deleting && !pod.finished);
  const wanted = getInteger(object, 'spec', 'replicas') ?? 1;
  return {
    object,
    name: object.metadata.name,
    template: templateOf(object),
    wanted,
    available: getInteger(object, 'status', 'availableReplicas') ?? 0,
    pods,
    active: object.metadata.deletionTimestamp === undefined && (wanted > 0 || pods.length > 0),
  };
}

export function podFacts(object: KubeObject): PodFacts {
  const createdMs = timeOf(object.metadata.creationTimestamp, 0);
  const ready = condition(object, 'Ready');
  const scheduled = condition(object, 'PodScheduled');
  const unschedulable = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  const containers = getObjects(object, 'status', 'containerStatuses');
  const waits = containers.map((container) => getString(container, 'state', 'waiting', 'reason'));
  return {
    object,
    name: object.metadata.name,
    deleting: object.metadata.deletionTimestamp !== undefined,
    finished: ['Failed', 'Succeeded'].includes(getString(object, 'status', 'phase') ?? ''),
    ready: ready?.status === 'True' && object.metadata.deletionTimestamp === undefined,
    readyChangedMs: timeOf(ready?.since, createdMs),
    createdMs,
    restarts: containers.reduce((sum, container) => sum + (getInteger(container, 'restartCount') ?? 0), 0),
    ends: containerEnds(object),
    waiting:
      waits.find((reason) => reason === 'CrashLoopBackOff') ?? waits.find((reason) => reason !== undefined),
    unschedulable: unschedulable
      ? { message: scheduled.message, sinceMs: timeOf(scheduled.since, createdMs) }
      : undefined,
  };
}

export interface ConditionFacts {
  index: number;
  status: string;
  reason: string;
  message: string;
  since: string | undefined;
}

/** One condition of an object's status, by type. */
export function condition(object: KubeObject, type: string): ConditionFacts | undefined {
  const conditions = getObjects(object, 'status', 'conditions');
  const index = conditions.findIndex((each) => getString(each, 'type') === type);
  const found = conditions[index];
  if (found === undefined) return undefined;
  return {
    index,
    status: getString(found, 'status') ?? 'Unknown',
    reason: getString(found, 'reason') ?? '',
    message: getString(found, 'message') ?? '',
    since: getString(found, 'lastTransitionTime'),
  };
}

/**
 * The only ReplicaSet of the workload that runs pods, with at least one ready; undefined while several run pods, or
 * none.
 */
export function servingAlone(workload: WorkloadFacts): ReplicaSetFacts | undefined {
  const active = workload.replicaSets.filter((replicaSet) => replicaSet.active);
  const [only] = active;
  if (only === undefined)
    return workload.replicas === 0 ? ofTemplate(workload, workload.template) : undefined;
  const settled =
    active.length === 1 && only.pods.length >= only.wanted && only.pods.some((pod) => pod.ready);
  return settled ? only : undefined;
}

/** The ReplicaSet that runs this template; of several (a changed hash), the one with pods. */
export function ofTemplate(workload: WorkloadFacts, template: JsonObject): ReplicaSetFacts | undefined {
  const same = workload.replicaSets.filter(
    (replicaSet) =>
      replicaSet.object.metadata.deletionTimestamp === undefined &&
      templatesEqual(replicaSet.template, template),
  );
  return same.find((replicaSet) => replicaSet.active) ?? same[0];
}

/** Every pod runs the present template and all are available: what `kubectl rollout status` waits for. */
export function rolloutComplete(workload: WorkloadFacts): boolean {
  const present = ofTemplate(workload, workload.template);
  if (present === undefined || !workload.observed || present.wanted < workload.replicas) return false;
  const others = workload.replicaSets.some((each) => each !== present && each.active);
  const status = (field: string) => getInteger(workload.object, 'status', field) ?? 0;
  return (
    !others &&
    present.available >= workload.replicas &&
    status('updatedReplicas') >= workload.replicas &&
    status('availableReplicas') >= workload.replicas &&
    status('replicas') <= status('updatedReplicas')
  );
}
