import type { ObjectEvent, StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import {
  byCreation,
  ENDPOINT_SLICES,
  isDeleting,
  keyOf,
  NODES,
  PODS,
  SERVICES,
  splitKey,
  uidOf,
} from '../kinds.ts';
import type { Key, Pod, Service } from '../kinds.ts';
import { CONTROLLER_MANAGER } from '../ownership.ts';
import { isApiFailure, isNamespaceTerminating, WorkQueue } from '../queue.ts';
import { matchesLabels } from '../selectors.ts';
import { MANAGED_BY, MANAGER, planSlices, SERVICE_NAME } from './slices.ts';
import type { EndpointSlice, SlicePlan } from './slices.ts';

/**
 * Keeps the EndpointSlices of Services with a selector. Those of deleted Services are deleted with their
 * owner.
 */
export class EndpointSliceController {
  private readonly store: StoreClient;
  private readonly queue: WorkQueue;

  constructor(store: StoreClient, clock: Clock) {
    this.store = store;
    this.queue = new WorkQueue(clock, (key) => this.sync(key));
  }

  stop(): void {
    this.queue.stop();
  }

  observe({ resource, object }: ObjectEvent): void {
    const { namespace, labels } = object.metadata;
    if (resource === SERVICES) this.queue.add(keyOf(object));
    // if a pod's labels change, Services that no longer select it are affected too
    else if (resource === PODS) this.addAll(namespace);
    else if (resource === NODES) this.addAll();
    else if (resource === ENDPOINT_SLICES && labels?.[SERVICE_NAME] !== undefined) {
      this.queue.add(`${namespace ?? ''}/${labels[SERVICE_NAME]}`);
    }
  }

  private addAll(namespace?: string): void {
    for (const service of this.store.list(SERVICES, namespace)) this.queue.add(keyOf(service));
  }

  private sync(key: Key): void {
    const { namespace, name } = splitKey(key);
    const service = this.store.get(SERVICES, namespace, name) as Service | undefined;
    const selector = service?.spec.selector ?? {};
    if (service === undefined || isDeleting(service) || service.spec.type === 'ExternalName') return;
    if (Object.keys(selector).length === 0) return;
    const nodes = new Set(this.store.list(NODES).map((node) => node.metadata.name));
    const pods = (this.store.list(PODS, namespace) as Pod[])
      .filter((pod) => matchesLabels(selector, pod.metadata.labels))
      // traffic is only sent to nodes that exist
      .filter((pod) => nodes.has(pod.spec.nodeName ?? ''))
      .sort(byCreation);
    this.write(planSlices(service, pods, this.slicesOf(service)));
  }

  private slicesOf(service: Service): EndpointSlice[] {
    const wanted = { [SERVICE_NAME]: service.metadata.name, [MANAGED_BY]: MANAGER };
    return (this.store.list(ENDPOINT_SLICES, service.metadata.namespace) as EndpointSlice[])
      .filter((slice) => matchesLabels(wanted, slice.metadata.labels) && !isDeleting(slice))
      .filter((slice) => slice.metadata.ownerReferences?.some(({ uid }) => uid === uidOf(service)) ?? true)
      .sort(byCreation);
  }

  private write(plan: SlicePlan): void {
    const options = { fieldManager: CONTROLLER_MANAGER };
    try {
      for (const slice of plan.create) this.store.create(ENDPOINT_SLICES, slice, options);
      for (const slice of plan.update) this.store.update(ENDPOINT_SLICES, slice, options);
      for (const slice of plan.remove) {
        const { namespace, name } = slice.metadata;
        this.store.delete(ENDPOINT_SLICES, namespace, name, { uid: uidOf(slice) });
      }
    } catch (error) {
      if (!isApiFailure(error) || !isNamespaceTerminating(error)) throw error;
    }
  }
}
