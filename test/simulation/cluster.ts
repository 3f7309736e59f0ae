import { getObjects } from '../../api/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { isCanaryPod } from './by-pods.ts';
import { NAMESPACE, type World } from './world.ts';

/** What the cluster does by itself. */

const ROUTES = 'httproutes.gateway.networking.k8s.io';
const CONFIRMED_AFTER_MS = 500;

/** All routes, none, or all but for a reference of some rule that it cannot resolve. */
export type Confirms = 'all' | 'none' | 'unresolved';

/** The control plane of the gateway: it has seen a route half a second after it changed. */
export class GatewayControl {
  readonly #world: World;
  #confirms: Confirms = 'all';

  constructor(world: World) {
    this.#world = world;
    world.api.store.watch(({ resource, type, object }) => {
      if (resource !== ROUTES || type === 'DELETED') return;
      world.clock.after(CONFIRMED_AFTER_MS, () => this.#confirm(object.metadata.name));
    });
  }

  /** Whether routes are confirmed; those that were not are once it does again. */
  confirm(routes: Confirms): void {
    this.#confirms = routes;
    for (const { metadata } of this.#world.api.store.list(ROUTES, NAMESPACE)) this.#confirm(metadata.name);
  }

  #confirm(name: string): void {
    const { store } = this.#world.api;
    const live = store.get(ROUTES, NAMESPACE, name);
    if (live === undefined || this.#confirms === 'none') return;
    const observedGeneration = live.metadata.generation ?? 0;
    const resolved = this.#confirms === 'all' ? 'True' : 'False';
    const parent = getObjects(live, 'status', 'parents')[0];
    const last = getObjects(parent, 'conditions').at(-1);
    if (last?.['observedGeneration'] === observedGeneration && last['status'] === resolved) return;
    const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
      type,
      status: type === 'Accepted' ? 'True' : resolved,
      reason: type,
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration,
    }));
    const parentRef = getObjects(live, 'spec', 'parentRefs')[0] ?? {};
    live.status = { parents: [{ parentRef, controllerName: 'istio.io/gateway-controller', conditions }] };
    store.update(ROUTES, live, { subresource: 'status' });
  }
}

const SECOND_MS = 1_000;

/** Spot nodes, evictions and autoscalers: the oldest canary pod is replaced every `churnMs`. */
export function replacePods(world: World, passedMs = 0): void {
  const sinceMs = passedMs + SECOND_MS;
  const due = world.churnMs !== undefined && sinceMs >= world.churnMs;
  const born = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? '';
  const [oldest] = world.api.store
    .list('pods', NAMESPACE)
    .filter((pod) => isCanaryPod(pod) && pod.metadata.deletionTimestamp === undefined)
    .sort((a, b) => born(a).localeCompare(born(b)));
  if (due && oldest !== undefined) world.api.store.delete('pods', NAMESPACE, oldest.metadata.name);
  world.clock.after(SECOND_MS, () => replacePods(world, due ? 0 : sinceMs));
}
