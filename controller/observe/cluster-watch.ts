import type { KubeObject, Resource } from '../../api/kube.ts';
import { Reflector, type ReflectorOptions } from '../../kube/reflector.ts';
import { Store } from '../../kube/store.ts';

type Watching = Pick<ReflectorOptions, 'client' | 'clock' | 'random' | 'onError'>;

/**
 * Watches a cluster-wide kind that only adds information: if the kind is absent or may not be read, decisions do
 * without it.
 */
export class ClusterWatch {
  readonly #store = new Store();
  readonly #reflector: Reflector;

  constructor(resource: Resource, watching: Watching) {
    this.#reflector = new Reflector({
      ...watching,
      resource,
      scope: { namespace: undefined },
      sink: this.#store,
      optional: true,
      mayBeForbidden: true,
    });
  }

  start(onBug: (error: unknown) => void): void {
    this.#reflector.run().catch(onBug);
  }

  stop(): void {
    this.#reflector.stop();
  }

  /** undefined: not read yet */
  list(): readonly KubeObject[] | undefined {
    if (!this.#store.synced) return undefined;
    return this.#store.isForbidden ? [] : this.#store.list();
  }
}
