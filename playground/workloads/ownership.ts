import type { KubeObject, OwnerReference } from '../../api/kube.ts';
import type { StoreClient } from '../apiserver/contract.ts';
import { isDeleting, uidOf } from './kinds.ts';
import type { LabelSelector } from './kinds.ts';
import { matchesSelector } from './selectors.ts';

/** The manager name for every write of the controller manager. */
export const CONTROLLER_MANAGER = 'kube-controller-manager';

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: uidOf(owner),
    controller: true,
    blockOwnerDeletion: true,
  };
}

export interface Claim {
  store: StoreClient;
  owner: KubeObject;
  selector: LabelSelector;
  /** resource of the children */
  resource: string;
}

/** The children of the owner: adopts orphans that match, and releases its own that no longer match. */
export function claimChildren<T extends KubeObject>(claim: Claim, candidates: readonly T[]): T[] {
  return candidates.flatMap((child) => {
    const matches = matchesSelector(claim.selector, child.metadata.labels);
    const controller = controllerOf(child);
    if (controller === undefined) return matches && mayAdopt(claim, child) ? [adopt(claim, child)] : [];
    if (controller.uid !== uidOf(claim.owner)) return [];
    if (!matches && !isDeleting(claim.owner)) release(claim, child);
    return matches ? [child] : [];
  });
}

function mayAdopt(claim: Claim, child: KubeObject): boolean {
  return !isDeleting(claim.owner) && !isDeleting(child);
}

function adopt<T extends KubeObject>(claim: Claim, child: T): T {
  const references = [...(child.metadata.ownerReferences ?? []), controllerReference(claim.owner)];
  return writeReferences(claim, child, references);
}

function release(claim: Claim, child: KubeObject): void {
  const references = (child.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== uidOf(claim.owner));
  writeReferences(claim, child, references);
}

function writeReferences<T extends KubeObject>(claim: Claim, child: T, ownerReferences: OwnerReference[]): T {
  const wanted = { ...child, metadata: { ...child.metadata, ownerReferences } };
  return claim.store.update(claim.resource, wanted, { fieldManager: CONTROLLER_MANAGER }) as T;
}
