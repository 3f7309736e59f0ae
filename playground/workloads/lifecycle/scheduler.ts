import type { ObjectEvent, StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { conditionOf, withCondition } from '../conditions.ts';
import { EventRecorder } from '../events.ts';
import { isDeleting, keyOf, NODES, PODS, splitKey } from '../kinds.ts';
import type { Key, Pod } from '../kinds.ts';
import { isFinished } from '../pods.ts';
import { WorkQueue } from '../queue.ts';
import { matchesLabels } from '../selectors.ts';
import { now } from '../time.ts';

const SCHEDULER = 'kube-scheduler';
const NO_MATCH = "1 node(s) didn't match Pod's node affinity/selector.";

/** Binds pods to the one node, if their nodeSelector allows it. */
export class Scheduler {
  private readonly store: StoreClient;
  private readonly clock: Clock;
  private readonly node: string;
  private readonly queue: WorkQueue;
  private readonly events: EventRecorder;

  constructor(store: StoreClient, clock: Clock, node: string) {
    this.store = store;
    this.clock = clock;
    this.node = node;
    this.events = new EventRecorder(store, clock, 'default-scheduler');
    this.queue = new WorkQueue(clock, (key) => this.sync(key));
  }

  stop(): void {
    this.queue.stop();
  }

  observe({ type, resource, object }: ObjectEvent): void {
    if (resource === PODS && type !== 'DELETED' && isWaiting(object as Pod)) this.queue.add(keyOf(object));
    if (resource !== NODES || type === 'DELETED') return;
    for (const pod of this.store.list(PODS) as Pod[]) if (isWaiting(pod)) this.queue.add(keyOf(pod));
  }

  private sync(key: Key): void {
    const { namespace, name } = splitKey(key);
    const pod = this.store.get(PODS, namespace, name) as Pod | undefined;
    if (pod === undefined || !isWaiting(pod)) return;
    const labels = this.store.get(NODES, undefined, this.node)?.metadata.labels;
    if (!matchesLabels(pod.spec.nodeSelector ?? {}, labels)) return this.refuse(pod);
    const bound = { ...pod, spec: { ...pod.spec, nodeName: this.node } };
    this.store.update(PODS, bound, { subresource: 'binding', fieldManager: SCHEDULER });
  }

  private refuse(pod: Pod): void {
    const refusal = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: `0/1 nodes are available: ${NO_MATCH}`,
      lastProbeTime: null,
      lastTransitionTime: now(this.clock),
    };
    if (conditionOf(pod.status, refusal.type)?.reason === refusal.reason) return;
    const conditions = withCondition(pod.status?.conditions ?? [], refusal);
    const next = { ...pod, status: { ...pod.status, conditions } };
    this.store.update(PODS, next, { subresource: 'status', fieldManager: SCHEDULER });
    this.events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message: refusal.message });
  }
}

function isWaiting(pod: Pod): boolean {
  return (pod.spec.nodeName ?? '') === '' && !isDeleting(pod) && !isFinished(pod);
}
