import { getObjects, getString, getStringMap } from '../../api/json.ts';
import type { KubeObject, OwnerReference } from '../../api/kube.ts';
import { isMadeFor, mapSelects } from '../canary/index.ts';
import { nameOf, type DiscoveryInput } from './types.ts';

/** Whose a pod is. `unknown`: its ReplicaSet is not (yet, or any more) among those we see. */
export type PodOwner = { by: 'target' | 'canary' } | { by: 'other'; name: string } | { by: 'unknown' };

function controllerOf(object: KubeObject): OwnerReference | undefined {
  return (object.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
}

/** By owner references from pod to ReplicaSet to Deployment, never by names. */
function ownerOfPod(pod: KubeObject, input: DiscoveryInput): PodOwner {
  const owner = controllerOf(pod);
  if (owner === undefined) return { by: 'other', name: `pod ${nameOf(pod)}, which belongs to nothing` };
  if (owner.kind !== 'ReplicaSet') return { by: 'other', name: `${owner.kind} ${owner.name}` };
  const replicaSet = input.replicaSets.find(({ metadata }) => metadata.uid === owner.uid);
  if (replicaSet === undefined) return { by: 'unknown' };
  const deployment = controllerOf(replicaSet);
  if (deployment === undefined) return { by: 'other', name: `ReplicaSet ${owner.name}` };
  if (deployment.uid === input.target.metadata.uid) return { by: 'target' };
  if (isCanary(deployment, input)) return { by: 'canary' };
  return { by: 'other', name: `${deployment.kind} ${deployment.name}` };
}

/** The Deployment Sluice made for this target: its pods may stand behind the target's own Services. */
function isCanary({ uid }: OwnerReference, { deployments, target }: DiscoveryInput): boolean {
  const owner = deployments.find(({ metadata }) => metadata.uid === uid);
  return owner !== undefined && isMadeFor(nameOf(target), owner);
}

/** Neither being deleted nor finished. */
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

/** The live pods a Service selects, by owner. */
export function selectedPods(service: KubeObject, input: DiscoveryInput): Selected {
  const selector = getStringMap(service, 'spec', 'selector');
  const pods = input.pods.filter((pod) => isAlive(pod) && mapSelects(selector, pod.metadata.labels ?? {}));
  const owned = pods.map((pod) => ({ pod, owner: ownerOfPod(pod, input) }));
  const ofTarget = owned.filter(({ owner }) => owner.by === 'target').map(({ pod }) => pod);
  const others = owned.flatMap(({ owner }) => (owner.by === 'other' ? [owner.name] : []));
  return { ofTarget, readyOfTarget: ofTarget.filter(isReady), others: [...new Set(others)] };
}
