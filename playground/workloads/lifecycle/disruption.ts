import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { ObjectEvent, StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { withCondition } from '../conditions.ts';
import type { Condition } from '../conditions.ts';
import {
  DEPLOYMENTS,
  DISRUPTION_BUDGETS,
  generationOf,
  keyOf,
  PODS,
  REPLICA_SETS,
  splitKey,
} from '../kinds.ts';
import type { IntOrPercent, Key, LabelSelector, Pod } from '../kinds.ts';
import { CONTROLLER_MANAGER, controllerOf } from '../ownership.ts';
import { isActive, isReady } from '../pods.ts';
import { WorkQueue } from '../queue.ts';
import { matchesSelector } from '../selectors.ts';
import { now } from '../time.ts';

interface DisruptionBudget extends KubeObject {
  spec: { minAvailable?: IntOrPercent; maxUnavailable?: IntOrPercent; selector?: LabelSelector };
  status?: JsonObject & { conditions?: Condition[] };
}

/** Counts healthy pods for PodDisruptionBudgets; evictions are allowed or refused by these counts. */
export class DisruptionController {
  private readonly store: StoreClient;
  private readonly clock: Clock;
  private readonly queue: WorkQueue;

  constructor(store: StoreClient, clock: Clock) {
    this.store = store;
    this.clock = clock;
    this.queue = new WorkQueue(clock, (key) => this.sync(key));
  }

  stop(): void {
    this.queue.stop();
  }

  observe({ resource, object }: ObjectEvent): void {
    if (resource === DISRUPTION_BUDGETS) this.queue.add(keyOf(object));
    if (resource !== PODS) return;
    for (const budget of this.store.list(DISRUPTION_BUDGETS, object.metadata.namespace))
      this.queue.add(keyOf(budget));
  }

  private sync(key: Key): void {
    const { namespace, name } = splitKey(key);
    const budget = this.store.get(DISRUPTION_BUDGETS, namespace, name) as DisruptionBudget | undefined;
    const selector = budget?.spec.selector;
    if (budget === undefined || selector === undefined) return;
    const pods = (this.store.list(PODS, namespace) as Pod[]).filter(
      (pod) => isActive(pod) && matchesSelector(selector, pod.metadata.labels),
    );
    const status = this.statusOf(budget, pods);
    if (isDeepStrictEqual(status, budget.status)) return;
    const options = { subresource: 'status', fieldManager: CONTROLLER_MANAGER } as const;
    this.store.update(DISRUPTION_BUDGETS, { ...budget, status }, options);
  }

  private statusOf(budget: DisruptionBudget, pods: readonly Pod[]): JsonObject {
    const { expectedPods, desiredHealthy } = this.needs(budget, pods);
    const currentHealthy = pods.filter(isReady).length;
    const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
    const condition: Condition = {
      type: 'DisruptionAllowed',
      status: disruptionsAllowed > 0 ? 'True' : 'False',
      reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      lastTransitionTime: now(this.clock),
    };
    return {
      ...budget.status,
      ...{
        observedGeneration: generationOf(budget),
        disruptionsAllowed,
        currentHealthy,
        desiredHealthy,
        expectedPods,
      },
      conditions: withCondition(budget.status?.conditions ?? [], condition),
    };
  }

  private needs(
    { spec }: DisruptionBudget,
    pods: readonly Pod[],
  ): { expectedPods: number; desiredHealthy: number } {
    const { minAvailable, maxUnavailable } = spec;
    if (typeof minAvailable === 'number') return { expectedPods: pods.length, desiredHealthy: minAvailable };
    const expectedPods = this.expectedScale(pods);
    const desiredHealthy =
      maxUnavailable === undefined
        ? share(minAvailable ?? 1, expectedPods)
        : Math.max(0, expectedPods - share(maxUnavailable, expectedPods));
    return { expectedPods, desiredHealthy };
  }

  /** The size that the owners of the pods ask for, so that pods that do not exist yet count as missing. */
  private expectedScale(pods: readonly Pod[]): number {
    const sizes = new Map<string, number>();
    for (const pod of pods) {
      const owner = controllerOf(pod);
      const rs = owner && this.store.get(REPLICA_SETS, pod.metadata.namespace, owner.name);
      const above = rs && controllerOf(rs);
      const top = above ? this.store.get(DEPLOYMENTS, pod.metadata.namespace, above.name) : rs;
      if (top !== undefined) sizes.set(top.metadata.uid ?? '', Number(top.spec?.['replicas'] ?? 0));
    }
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }
}

function share(value: IntOrPercent, of: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * of) / 100);
}
