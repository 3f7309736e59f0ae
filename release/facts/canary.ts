import { getInteger, getObject, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION, LABEL } from '../../api/names.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import {
  canaryName,
  isMadeFor,
  labelValue,
  mapSelects,
  rewriteLabels,
  rewriteOf,
  type Rewrite,
  undoRewrite,
} from '../canary/index.ts';
import type { Snapshot } from '../model.ts';
import { makerIn } from './maker.ts';
import {
  condition,
  isOwnedBy,
  podFacts,
  timeOf,
  workload,
  type PodFacts,
  type WorkloadFacts,
} from './workload.ts';

export interface CanaryFacts {
  name: string;
  /** the live Deployment with the canary's name, no matter who made it */
  deployment: WorkloadFacts | undefined;
  /** it carries our mark for this target */
  ours: boolean;
  /** it was made for the Release in question */
  ofRelease: boolean;
  /** its template, with the rewrite undone; compared with the live target, so that an upgrade changes nothing */
  template: JsonObject | undefined;
  /** pods that are neither being deleted nor finished */
  pods: PodFacts[];
  /** pods that run with the canary's labels or belong to it, including those being deleted */
  remaining: PodFacts[];
  ready: PodFacts[];
  /** names of the pods that may have answered lately, including those being deleted or scaled away: for queries */
  answering: string[];
  wanted: number;
  available: number;
  /** why the API server or the scheduler refuses pods, and since when */
  rejected: { message: string; sinceMs: number } | undefined;
}

/** What runs under the canary's name, as one Release (the active one, or the last) sees it. */
export function canaryFacts(snapshot: Snapshot, release: Release | undefined): CanaryFacts {
  const name = canaryName(snapshot.key.name);
  const object = snapshot.deployments.find((each) => each.metadata.name === name);
  const deployment = object === undefined ? undefined : workload(object, snapshot);
  const all = deployment === undefined ? [] : podsOf(deployment, snapshot);
  const ours = object !== undefined && isMadeFor(makerIn(snapshot), object);
  const left = release === undefined ? [] : leftBehind(snapshot, release);
  const pods = all.filter((pod) => !pod.deleting && !pod.finished);
  return {
    name,
    deployment,
    ours,
    ofRelease: isOf(release, object),
    template: object === undefined ? undefined : undone(object),
    pods,
    remaining: ours ? [...all, ...left] : left,
    ready: pods.filter((pod) => pod.ready),
    answering: answering(object, all),
    wanted: deployment?.replicas ?? 0,
    available: deployment?.observed === true ? (getInteger(object, 'status', 'availableReplicas') ?? 0) : 0,
    rejected: deployment === undefined ? undefined : rejection(deployment, pods),
  };
}

/**
 * Includes the pods that were there when the canary was last scaled: what they answered before has to be measured as
 * well.
 */
function answering(object: KubeObject | undefined, pods: readonly PodFacts[]): string[] {
  const before = object?.metadata.annotations?.[ANNOTATION.pods] ?? '';
  const present = pods.filter(({ finished }) => !finished).map(({ name }) => name);
  return [...new Set([...present, ...before.split(',').filter((name) => name !== '')])];
}

function isOf(release: Release | undefined, object: KubeObject | undefined): boolean {
  const label = object?.metadata.labels?.[LABEL.release];
  if (release === undefined || object === undefined || label !== labelValue(release.metadata.name))
    return false;
  // The generations of a recreated target start at 1 again, so two Releases may have had the same name.
  return isOwnedBy(object, 'Deployment', release.spec.target.uid);
}

function podsOf(deployment: WorkloadFacts, snapshot: Snapshot): PodFacts[] {
  const owners = uidsOf(deployment.replicaSets.map((replicaSet) => replicaSet.object));
  return snapshot.pods.filter((pod) => ownerIn(pod, 'ReplicaSet', owners)).map(podFacts);
}

/** Pods of a canary whose Deployment is already gone: recognized by their labels, and by an owner that is gone too. */
function leftBehind(snapshot: Snapshot, release: Release): PodFacts[] {
  const rewrite = recordedRewrite(release);
  if (rewrite === undefined) return [];
  const labels = rewriteLabels(getStringMap(release.spec.canary.template, 'metadata', 'labels'), rewrite);
  const deployments = uidsOf(snapshot.deployments);
  const living = uidsOf(snapshot.replicaSets.filter((each) => ownerIn(each, 'Deployment', deployments)));
  const orphaned = (pod: KubeObject) =>
    (pod.metadata.ownerReferences ?? []).some((owner) => owner.kind === 'ReplicaSet') &&
    !ownerIn(pod, 'ReplicaSet', living);
  return snapshot.pods
    .filter((pod) => mapSelects(labels, pod.metadata.labels ?? {}) && orphaned(pod))
    .map(podFacts);
}

const uidsOf = (objects: readonly KubeObject[]): ReadonlySet<string> =>
  new Set(objects.map((each) => each.metadata.uid ?? ''));

const ownerIn = (object: KubeObject, kind: string, uids: ReadonlySet<string>): boolean =>
  (object.metadata.ownerReferences ?? []).some((owner) => owner.kind === kind && uids.has(owner.uid));

/** The rewrite with which a Release began; undefined where no canary was planned. */
export function recordedRewrite(release: Release): Rewrite | undefined {
  return release.spec.traffic?.rewrite as Rewrite | undefined;
}

function undone(object: KubeObject): JsonObject | undefined {
  const rewrite = rewriteOf(object);
  const template = getObject(object, 'spec', 'template');
  return rewrite === undefined || template === undefined ? undefined : undoRewrite(template, rewrite);
}

function rejection(deployment: WorkloadFacts, pods: PodFacts[]): CanaryFacts['rejected'] {
  const failure = condition(deployment.object, 'ReplicaFailure');
  if (failure?.status === 'True') return { message: failure.message, sinceMs: timeOf(failure.since, 0) };
  return pods.map((pod) => pod.unschedulable).find((found) => found !== undefined);
}
