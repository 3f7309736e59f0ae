import type { KubeObject } from '../../api/kube.ts';
import type { Write } from '../../api/writes.ts';
import { IngressTable, type IngressLabels } from '../../playground/dataplane/routing/ingress-routing.ts';
import { backends, request } from './dataplane-objects.ts';
import type { Routed } from '../../playground/dataplane/routing/routing.ts';
import { nginx } from '../../providers/nginx/nginx.ts';
import type { Observation, Split, TrafficContext, Wants } from '../../providers/provider.ts';
import { ObjectWorld } from './apply-writes.ts';
import { aTrafficContext } from './traffic.ts';

/** The controller goes by the age of Ingresses; here it is the order of their creation. */
export const aged = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.map((object, index) => {
    const creationTimestamp = new Date(Date.UTC(2026, 0, 1 + index)).toISOString();
    return { ...object, metadata: { ...object.metadata, creationTimestamp } };
  });

export interface Asked {
  host?: string;
  path?: string;
  headers?: Record<string, string>;
}

/**
 * Ingresses of namespace "shop", with a release of Service "web", and the playground's controller for them.
 */
export class IngressWorld {
  readonly #world: ObjectWorld;
  wants: Wants = { total: 100 };
  /** ready addresses by Service */
  ready: Record<string, string[]> = { web: ['10.0.0.1'], 'web-canary': ['10.0.0.2'], other: ['10.0.0.3'] };

  constructor(...ingresses: KubeObject[]) {
    this.#world = new ObjectWorld(ingresses);
  }

  context(): TrafficContext {
    const all = this.list();
    const isOurs = ({ metadata }: KubeObject) =>
      metadata.labels?.['app.kubernetes.io/managed-by'] === 'sluice';
    const routes = all.filter((object) => !isOurs(object) && nginx.names(object, 'web'));
    return aTrafficContext(routes, { made: all.filter(isOurs), others: all, wants: this.wants });
  }

  list(): KubeObject[] {
    return this.#world.list('Ingress');
  }

  put(ingress: KubeObject): void {
    this.#world.put(ingress);
  }

  remove(name: string): void {
    this.#world.remove('Ingress', name);
  }

  /** The first Ingress of our own. */
  canary(): KubeObject {
    const [first] = this.context().made;
    if (first === undefined) throw new Error('there is no canary Ingress');
    return first;
  }

  plan(split: Split): Write[] {
    return nginx.plan(this.context(), split);
  }

  go(split: Split): void {
    for (const write of this.plan(split)) this.#world.apply(write);
  }

  observe(): Observation {
    return nginx.observe(this.context());
  }

  refusals(): string[] {
    return nginx.refuse(this.context()).map(({ sentence }) => sentence);
  }

  route(
    { host = 'shop.example.com', path = '/', headers = {} }: Asked = {},
    random = 0.5,
  ): Routed<IngressLabels> {
    const table = new IngressTable(aged(this.list()), backends(this.ready));
    return table.route(request(path, { host, headers }), () => random);
  }

  /** The percent of such requests that the canary gets, with two decimals. */
  share(asked: Asked = {}): number {
    const table = new IngressTable(aged(this.list()), backends(this.ready));
    const { host = 'shop.example.com', path = '/', headers = {} } = asked;
    return percentBelow((random) => {
      const { labels } = table.route(request(path, { host, headers }), () => random);
      return labels !== undefined && labels.canary !== '';
    });
  }
}

/** The part of all draws, from 0 up, that is taken; in percent, with two decimals. */
export function percentBelow(taken: (random: number) => boolean): number {
  let [low, high] = [0, 10_000];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (taken((middle + 0.5) / 10_000)) low = middle + 1;
    else high = middle;
  }
  return low / 100;
}
