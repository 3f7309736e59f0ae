import type { ObjectEvent, PodRuntime, ResourceName, StoreClient } from '../apiserver/contract.ts';
import type { Clock } from '../../lib/clock.ts';
import { DeploymentController } from './deployment/controller.ts';
import { EndpointSliceController } from './endpoints/controller.ts';
import { Kubelet } from './kubelet/kubelet.ts';
import { registerNode } from './kubelet/node.ts';
import {
  DISRUPTION_BUDGETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  SERVICES,
} from './kinds.ts';
import type { Pod } from './kinds.ts';
import { DisruptionController } from './lifecycle/disruption.ts';
import { GarbageCollector } from './lifecycle/garbage.ts';
import { NamespaceController } from './lifecycle/namespaces.ts';
import { Scheduler } from './lifecycle/scheduler.ts';
import { ReplicaSetController } from './replicaset/controller.ts';

export { fakeRuntime, FAKE } from './kubelet/fake-runtime.ts';

export interface WorkloadOptions {
  store: StoreClient;
  clock: Clock;
  runtime: PodRuntime;
  /** name of the one node; "playground" if absent */
  node?: string;
  /**
   * false: no node and no scheduler. Unbound pods, and pods bound to any Node that exists, still run: the
   * cluster of the conformance recordings behaved like that.
   */
  schedule?: boolean;
}

interface Part {
  observe(event: ObjectEvent): void;
  stop(): void;
}

/**
 * Objects that may be in the store before the workloads start. Objects of other kinds must be created
 * afterwards.
 */
const PRESENT_AT_START: ResourceName[] = [
  DISRUPTION_BUDGETS,
  NAMESPACES,
  NODES,
  SERVICES,
  ENDPOINT_SLICES,
  DEPLOYMENTS,
  REPLICA_SETS,
  PODS,
];

/**
 * The controller manager, the scheduler and the kubelet of the embedded cluster. Synchronous: they work only
 * in watch events and in callbacks of the clock. `stop` ends them; pods of the runtime keep running.
 */
export function startWorkloads(options: WorkloadOptions): { stop(): void } {
  const { store, clock } = options;
  const parts: Part[] = [
    new DeploymentController(store, clock),
    new ReplicaSetController(store, clock),
    new EndpointSliceController(store, clock),
    new GarbageCollector(store, clock),
    new NamespaceController(store, clock),
    new DisruptionController(store, clock),
    ...nodeParts(options),
  ];
  const tell = (event: ObjectEvent): void => {
    for (const part of parts) part.observe(event);
  };
  const unwatch = store.watch(tell);
  for (const resource of PRESENT_AT_START) {
    for (const object of store.list(resource)) tell({ type: 'ADDED', resource, object });
  }
  return {
    stop() {
      unwatch();
      for (const part of parts) part.stop();
    },
  };
}

function nodeParts({ store, clock, runtime, node = 'playground', schedule = true }: WorkloadOptions): Part[] {
  if (!schedule) {
    const serves = ({ spec: { nodeName = '' } }: Pod): boolean =>
      nodeName === '' || store.get(NODES, undefined, nodeName) !== undefined;
    return [new Kubelet({ store, clock, runtime, serves })];
  }
  registerNode(store, clock, node);
  const serves = (pod: Pod): boolean => pod.spec.nodeName === node;
  return [new Scheduler(store, clock, node), new Kubelet({ store, clock, runtime, serves })];
}
