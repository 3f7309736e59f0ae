import type { KubeObject, OwnerReference } from '../../../api/kube.ts';
import type { ObjectEvent, ResourceName, StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { isDeleting, uidOf } from '../kinds.ts';
import { CONTROLLER_MANAGER } from '../ownership.ts';
import { WorkQueue } from '../queue.ts';
import { getServed } from '../served.ts';
import { OwnerGraph } from './owner-graph.ts';

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Deletes objects that lost their last owner, and handles foreground and orphan deletions. Keys are uids. */
export class GarbageCollector {
  private readonly store: StoreClient;
  private readonly queue: WorkQueue;
  private readonly graph = new OwnerGraph();

  constructor(store: StoreClient, clock: Clock) {
    this.store = store;
    this.queue = new WorkQueue(clock, (uid) => this.sync(uid));
  }

  stop(): void {
    this.queue.stop();
  }

  observe({ type, resource, object }: ObjectEvent): void {
    if (type !== 'DELETED') return this.see(resource, object);
    this.forget(uidOf(object));
    // the objects of a kind are deleted with its definition, which has the name of the resource; there is no
    // event for each object
    if (resource === DEFINITIONS) this.graph.uidsOf(object.metadata.name).forEach((uid) => this.forget(uid));
  }

  private see(resource: ResourceName, object: KubeObject): void {
    const uid = uidOf(object);
    const before = this.graph.ownersOf(uid);
    const isNew = !this.graph.has(uid);
    this.graph.put(resource, object);
    const after = this.graph.ownersOf(uid);
    const lost = before.filter((owner) => !after.includes(owner));
    for (const owner of lost) this.queue.add(owner);
    if (isDeleting(object)) this.addDependents(uid);
    const changed = lost.length > 0 || (isNew && after.length > 0) || after.length > before.length;
    if (changed || isDeleting(object)) this.queue.add(uid);
  }

  /** Owners that waited for the object can be deleted now; its dependents have lost an owner. */
  private forget(uid: string): void {
    for (const owner of this.graph.ownersOf(uid)) this.queue.add(owner);
    this.graph.remove(uid);
    this.addDependents(uid);
  }

  private addDependents(uid: string): void {
    for (const dependent of this.graph.dependentsOf(uid)) this.queue.add(dependent);
  }

  private live(uid: string): { resource: ResourceName; object: KubeObject } | undefined {
    const place = this.graph.placeOf(uid);
    if (place === undefined) return undefined;
    const object = getServed(this.store, place.resource, place);
    return object !== undefined && uidOf(object) === uid ? { resource: place.resource, object } : undefined;
  }

  private sync(uid: string): void {
    const item = this.live(uid);
    if (item === undefined) return;
    const { resource, object } = item;
    if (!isDeleting(object)) return this.collect(resource, object);
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(ORPHAN)) this.orphanDependents(resource, object);
    else if (finalizers.includes(FOREGROUND)) this.finishForeground(resource, object);
  }

  private collect(resource: ResourceName, object: KubeObject): void {
    const references = object.metadata.ownerReferences ?? [];
    if (references.length === 0) return;
    const owners = references.map((reference) => ({ reference, owner: this.ownerOf(object, reference) }));
    const solid = owners.filter(({ owner }) => owner !== undefined && !isWaiting(owner));
    if (solid.length === references.length) return;
    if (solid.length > 0) {
      return this.writeReferences(
        resource,
        object,
        solid.map(({ reference }) => reference),
      );
    }
    const { namespace, name } = object.metadata;
    const waited = owners.some(({ owner }) => owner !== undefined);
    const hasDependents = this.graph.dependentsOf(uidOf(object)).length > 0;
    const propagationPolicy = waited && hasDependents ? 'Foreground' : 'Background';
    this.store.delete(resource, namespace, name, { propagationPolicy, uid: uidOf(object) });
  }

  /** undefined: the owner does not exist, or is in a namespace that the object cannot name. */
  private ownerOf(object: KubeObject, reference: OwnerReference): KubeObject | undefined {
    const owner = this.live(reference.uid)?.object;
    const { namespace } = owner?.metadata ?? {};
    return namespace === undefined || namespace === object.metadata.namespace ? owner : undefined;
  }

  private orphanDependents(resource: ResourceName, owner: KubeObject): void {
    for (const uid of this.graph.dependentsOf(uidOf(owner))) {
      const dependent = this.live(uid);
      const references = dependent?.object.metadata.ownerReferences ?? [];
      const kept = references.filter((reference) => reference.uid !== uidOf(owner));
      if (dependent !== undefined && kept.length < references.length) {
        this.writeReferences(dependent.resource, dependent.object, kept);
      }
    }
    this.removeFinalizer(resource, owner, ORPHAN);
  }

  private finishForeground(resource: ResourceName, owner: KubeObject): void {
    const blocking = this.graph.dependentsOf(uidOf(owner)).filter((uid) => {
      const references = this.live(uid)?.object.metadata.ownerReferences ?? [];
      return references.some((ref) => ref.uid === uidOf(owner) && ref.blockOwnerDeletion === true);
    });
    if (blocking.length === 0) this.removeFinalizer(resource, owner, FOREGROUND);
  }

  private writeReferences(resource: ResourceName, object: KubeObject, references: OwnerReference[]): void {
    const next = { ...object.metadata };
    if (references.length === 0) delete next.ownerReferences;
    else next.ownerReferences = references;
    this.store.update(resource, { ...object, metadata: next }, { fieldManager: CONTROLLER_MANAGER });
  }

  private removeFinalizer(resource: ResourceName, object: KubeObject, finalizer: string): void {
    const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    const next = { ...object, metadata: { ...object.metadata, finalizers } };
    this.store.update(resource, next, { fieldManager: CONTROLLER_MANAGER });
  }
}

function isWaiting(owner: KubeObject): boolean {
  return isDeleting(owner) && (owner.metadata.finalizers ?? []).includes(FOREGROUND);
}
