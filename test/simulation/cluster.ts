import { equalJson, getObjects } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { isCanaryPod } from './by-pods.ts';
import { NAMESPACE, type World } from './world.ts';

/** What the cluster does by itself. */

const ROUTES = 'httproutes.gateway.networking.k8s.io';
const CONFIRMED_AFTER_MS = 500;
const LATE_MS = 45_000;

/** What a Gateway controller writes to the status of a route of this generation. */
const STATUS = {
  all: (generation: number) => [accepted(generation), resolved(generation)],
  /** it cannot resolve a reference of some rule */
  unresolved: (generation: number) => [accepted(generation), resolved(generation, 'False')],
  /** all of it, but three quarters of a minute after the change */
  late: (generation: number) => [accepted(generation), resolved(generation)],
  /** of the previous generation, as if it had not seen the change */
  stale: (generation: number) => [accepted(before(generation)), resolved(before(generation))],
  /** from a controller that never says which generation it has seen */
  unversioned: () => [accepted(), resolved()],
  dropped: (generation: number) => partly(generation, 'Dropped Rule: rule 0 cannot be served'),
  fallback: (generation: number) =>
    partly(before(generation), 'Fall Back: the rules of the last good generation are in force'),
};

const before = (generation: number): number => Math.max(1, generation - 1);

/** The last rule is left out, or all are as they were before; the route is accepted nevertheless. */
const partly = (seen: number, message: string) => [
  accepted(seen),
  resolved(seen),
  condition('PartiallyInvalid', { generation: seen, reason: 'UnsupportedValue', message }),
];
const accepted = (generation?: number) => condition('Accepted', { generation });
const resolved = (generation?: number, status = 'True') => condition('ResolvedRefs', { generation, status });

function condition(
  type: string,
  of: { generation: number | undefined; status?: string; reason?: string; message?: string },
): JsonObject {
  const { generation, status = 'True', reason = type, message = '' } = of;
  return {
    ...{ type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

/** `none`: no status is written. */
export type Confirms = keyof typeof STATUS | 'none';

/** The control plane of the gateway: it sees a route half a second after a change. */
export class GatewayControl {
  readonly #world: World;
  #confirms: Confirms = 'all';

  constructor(world: World) {
    this.#world = world;
    world.api.store.watch(({ resource, type, object }) => {
      if (resource !== ROUTES || type === 'DELETED') return;
      const afterMs = this.#confirms === 'late' ? LATE_MS : CONFIRMED_AFTER_MS;
      world.clock.after(afterMs, () => this.#confirm(object.metadata.name));
    });
  }

  /** How routes are confirmed from now on, including the existing ones. */
  confirm(routes: Confirms): void {
    this.#confirms = routes;
    for (const { metadata } of this.#world.api.store.list(ROUTES, NAMESPACE)) this.#confirm(metadata.name);
  }

  #confirm(name: string): void {
    const { store } = this.#world.api;
    const live = store.get(ROUTES, NAMESPACE, name);
    if (live === undefined || this.#confirms === 'none') return;
    const conditions = STATUS[this.#confirms](live.metadata.generation ?? 0);
    const parent = getObjects(live, 'status', 'parents')[0];
    if (equalJson(getObjects(parent, 'conditions'), conditions)) return;
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
