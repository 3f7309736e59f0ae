import { getObjects, getString, getStringMap, stableStringify } from '../../lib/json.ts';
import type { KubeObject, OwnerReference } from '../../api/kube.ts';
import { isMadeFor, makerOf, mapSelects, type Labels } from '../canary/index.ts';
import { nameOf, type DiscoveryInput } from './types.ts';

/** The owner of a pod. `unknown`: its ReplicaSet is not (yet, or no longer) among those we see. */
export type PodOwner = { by: 'target' | 'canary' } | { by: 'other'; name: string } | { by: 'unknown' };

function controllerOf(object: KubeObject): OwnerReference | undefined {
  return (object.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
}

type ByUid = ReadonlyMap<string, KubeObject>;

const byUid = (objects: readonly KubeObject[]): ByUid =>
  new Map(objects.map((each) => [each.metadata.uid ?? '', each]));

/** Follows owner references from pod to ReplicaSet to Deployment, never names. */
function ownerOfPod(
  pod: KubeObject,
  { target }: DiscoveryInput,
  { replicaSets, deployments }: { replicaSets: ByUid; deployments: ByUid },
): PodOwner {
  const owner = controllerOf(pod);
  if (owner === undefined) return { by: 'other', name: `pod ${nameOf(pod)}, which has no owner` };
  if (owner.kind !== 'ReplicaSet') return { by: 'other', name: `${owner.kind} ${owner.name}` };
  const replicaSet = replicaSets.get(owner.uid);
  if (replicaSet === undefined) return { by: 'unknown' };
  const deployment = controllerOf(replicaSet);
  if (deployment === undefined) return { by: 'other', name: `ReplicaSet ${owner.name}` };
  if (deployment.uid === target.metadata.uid) return { by: 'target' };
  // The Deployment that Sluice made for this target: its pods may stand behind the target's own Services.
  const live = deployments.get(deployment.uid);
  if (live !== undefined && isMadeFor(makerOf(target), live)) return { by: 'canary' };
  return { by: 'other', name: `${deployment.kind} ${deployment.name}` };
}

/** Is the pod neither being deleted nor finished? */
function isAlive(pod: KubeObject): boolean {
  const phase = getString(pod, 'status', 'phase');
  return pod.metadata.deletionTimestamp === undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

function isReady(pod: KubeObject): boolean {
  return getObjects(pod, 'status', 'conditions').some(
    (condition) => getString(condition, 'type') === 'Ready' && getString(condition, 'status') === 'True',
  );
}

export interface Selected {
  ofTarget: KubeObject[];
  readyOfTarget: KubeObject[];
  /** other owners, each once */
  others: string[];
}

interface Group {
  labels: Labels;
  pods: { pod: KubeObject; owner: PodOwner }[];
}

/** Cached for one pass, which asks about many Services with the same input. */
const GROUPS = new WeakMap<DiscoveryInput, Group[]>();

/** Live pods grouped by equal labels: a Service selects all pods of a group or none. */
export function groupsOf(input: DiscoveryInput): readonly Group[] {
  const known = GROUPS.get(input);
  if (known !== undefined) return known;
  const owners = { replicaSets: byUid(input.replicaSets), deployments: byUid(input.deployments) };
  const groups = new Map<string, Group>();
  for (const pod of input.pods.filter(isAlive)) {
    input.budget?.spend();
    const labels = pod.metadata.labels ?? {};
    const text = stableStringify(labels);
    const group = groups.get(text) ?? { labels, pods: [] };
    group.pods.push({ pod, owner: ownerOfPod(pod, input, owners) });
    groups.set(text, group);
  }
  GROUPS.set(input, [...groups.values()]);
  return [...groups.values()];
}

/** The live pods a Service selects, by owner. */
export function selectedPods(service: KubeObject, input: DiscoveryInput): Selected {
  const selector = getStringMap(service, 'spec', 'selector');
  const groups = groupsOf(input);
  input.budget?.spend(groups.length);
  const owned = groups.filter(({ labels }) => mapSelects(selector, labels)).flatMap(({ pods }) => pods);
  const ofTarget = owned.filter(({ owner }) => owner.by === 'target').map(({ pod }) => pod);
  const others = owned.flatMap(({ owner }) => (owner.by === 'other' ? [owner.name] : []));
  return { ofTarget, readyOfTarget: ofTarget.filter(isReady), others: [...new Set(others)] };
}
