import type { ObjectEvent, StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { EventRecorder } from '../events.ts';
import { isDeleting, keyOf, PODS, REPLICA_SETS, splitKey, uidOf } from '../kinds.ts';
import type { Key, Pod, ReplicaSet } from '../kinds.ts';
import { claimChildren, CONTROLLER_MANAGER, controllerOf, controllerReference } from '../ownership.ts';
import { availableAt, isActive } from '../pods.ts';
import { isApiFailure, isNamespaceTerminating, WorkQueue } from '../queue.ts';
import { isEmptySelector, matchesSelector } from '../selectors.ts';
import { podsToDelete } from './ranking.ts';
import { statusOf, writeStatus } from './status.ts';
import type { Failure } from './status.ts';

/** Keeps the number of pods that each ReplicaSet asks for. */
export class ReplicaSetController {
  private readonly store: StoreClient;
  private readonly clock: Clock;
  private readonly queue: WorkQueue;
  private readonly events: EventRecorder;

  constructor(store: StoreClient, clock: Clock) {
    this.store = store;
    this.clock = clock;
    this.events = new EventRecorder(store, clock, 'replicaset-controller');
    this.queue = new WorkQueue(clock, (key) => this.sync(key));
  }

  stop(): void {
    this.queue.stop();
  }

  observe({ resource, object }: ObjectEvent): void {
    if (resource === REPLICA_SETS) this.queue.add(keyOf(object));
    else if (resource === PODS) this.observePod(object as Pod);
  }

  private observePod(pod: Pod): void {
    const { namespace, labels } = pod.metadata;
    const controller = controllerOf(pod);
    if (controller !== undefined) {
      if (controller.kind === 'ReplicaSet') this.queue.add(`${namespace ?? ''}/${controller.name}`);
      return;
    }
    for (const rs of this.store.list(REPLICA_SETS, namespace) as ReplicaSet[]) {
      if (matchesSelector(rs.spec.selector, labels)) this.queue.add(keyOf(rs));
    }
  }

  private sync(key: Key): void {
    const { namespace, name } = splitKey(key);
    const rs = this.store.get(REPLICA_SETS, namespace, name) as ReplicaSet | undefined;
    if (rs === undefined || isEmptySelector(rs.spec.selector)) return;
    const claim = { store: this.store, owner: rs, selector: rs.spec.selector, resource: PODS };
    const pods = claimChildren(claim, this.store.list(PODS, namespace) as Pod[]);
    const failure = isDeleting(rs) ? undefined : this.manage(rs, pods.filter(isActive));
    writeStatus(this.store, rs, statusOf(rs, pods, this.clock, failure?.failure));
    this.lookAgainWhenAvailable(key, rs, pods);
    // repeated with growing delay, as long as the API refuses
    if (failure !== undefined) throw failure.cause;
  }

  private manage(rs: ReplicaSet, active: readonly Pod[]): { failure: Failure; cause: Error } | undefined {
    const missing = rs.spec.replicas - active.length;
    try {
      for (let made = 0; made < missing; made++) this.createPod(rs);
      const surplus = missing < 0 ? podsToDelete(active, -missing, this.siblings(rs), this.clock.now()) : [];
      for (const pod of surplus) this.deletePod(pod);
    } catch (error) {
      if (!isApiFailure(error)) throw error;
      if (isNamespaceTerminating(error)) return undefined;
      const reason = missing > 0 ? 'FailedCreate' : 'FailedDelete';
      this.events.record(rs, { type: 'Warning', reason, message: `Error: ${error.message}` });
      return { failure: { reason, message: error.message }, cause: error };
    }
    return undefined;
  }

  private createPod(rs: ReplicaSet): void {
    const { labels, annotations, finalizers } = rs.spec.template.metadata ?? {};
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: '',
        generateName: `${rs.metadata.name}-`,
        ...(rs.metadata.namespace === undefined ? {} : { namespace: rs.metadata.namespace }),
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
        ...(finalizers === undefined ? {} : { finalizers }),
        ownerReferences: [controllerReference(rs)],
      },
      spec: rs.spec.template.spec,
    };
    this.store.create(PODS, pod, { fieldManager: CONTROLLER_MANAGER });
  }

  private deletePod(pod: Pod): void {
    this.store.delete(PODS, pod.metadata.namespace, pod.metadata.name, { uid: uidOf(pod) });
  }

  /** Active pods of all ReplicaSets of the same Deployment, which spread over nodes together. */
  private siblings(rs: ReplicaSet): Pod[] {
    const { namespace } = rs.metadata;
    const owner = controllerOf(rs)?.uid;
    const sets = (this.store.list(REPLICA_SETS, namespace) as ReplicaSet[]).filter(
      (other) => uidOf(other) === uidOf(rs) || (owner !== undefined && controllerOf(other)?.uid === owner),
    );
    const uids = new Set(sets.map(uidOf));
    const pods = this.store.list(PODS, namespace) as Pod[];
    return pods.filter((pod) => isActive(pod) && uids.has(controllerOf(pod)?.uid ?? ''));
  }

  /** There is no event when minReadySeconds have passed. */
  private lookAgainWhenAvailable(key: Key, rs: ReplicaSet, pods: readonly Pod[]): void {
    const due = pods
      .filter(isActive)
      .map((pod) => availableAt(pod, rs.spec.minReadySeconds ?? 0))
      .filter((at) => at !== undefined)
      .filter((at) => at > this.clock.now());
    if (due.length > 0) this.queue.addAfter(key, Math.min(...due) - this.clock.now());
  }
}
