import type { KubeObject } from '../../api/kube.ts';
import type { Everywhere } from '../../kube/collection.ts';
import type { Change } from '../../kube/store.ts';
import { reachesInto } from '../../release/companions/index.ts';

/** A pass looks at this many policies that name no particular namespace, and at this many of untrusted namespaces. */
const MOST = 100;

type ByName = Map<string, KubeObject>;

/**
 * NetworkPolicies that reach into other namespaces, indexed by the namespace they reach into. Few policies do, and
 * searching all policies of the cluster in each pass would take too long.
 */
export class ReachingOut implements Everywhere {
  /** the namespaces under which each policy is indexed */
  #filed = new Map<string, readonly string[]>();
  #into = new Map<string, ByName>();

  /** While a new list is incomplete, the policies known before stay valid. */
  listing(): ReturnType<Everywhere['listing']> {
    const next = new ReachingOut();
    return {
      see: (object) => next.see('ADDED', object),
      listed: () => {
        this.#filed = next.#filed;
        this.#into = next.#into;
      },
    };
  }

  see(type: Change['type'], object: KubeObject): void {
    const { namespace = '', name } = object.metadata;
    const key = `${namespace}/${name}`;
    for (const into of this.#filed.get(key) ?? []) this.#take(into, key);
    this.#filed.delete(key);
    const reach = type === 'DELETED' ? [] : reachesInto(object);
    const into = reach === 'any' ? ['*'] : reach.filter((each) => each !== namespace);
    if (into.length === 0) return;
    this.#filed.set(key, into);
    for (const each of into) this.#of(each).set(key, object);
  }

  /**
   * Policies of other namespaces that may name pods of this one. The limits keep those of trusted namespaces apart, so
   * untrusted policies displace none of them.
   */
  into(namespace: string, trusted: readonly string[]): KubeObject[] {
    const isTrusted = ({ metadata }: KubeObject) => trusted.includes(metadata.namespace ?? '');
    const named = [...(this.#into.get(namespace)?.values() ?? [])];
    const any = [...(this.#into.get('*')?.values() ?? [])].filter(
      ({ metadata }) => metadata.namespace !== namespace,
    );
    const strange = [...named, ...any].filter((each) => !isTrusted(each));
    return [...named.filter(isTrusted), ...any.filter(isTrusted).slice(0, MOST), ...strange.slice(0, MOST)];
  }

  #of(namespace: string): ByName {
    const found = this.#into.get(namespace) ?? new Map<string, KubeObject>();
    this.#into.set(namespace, found);
    return found;
  }

  #take(namespace: string, key: string): void {
    const found = this.#into.get(namespace);
    found?.delete(key);
    if (found?.size === 0) this.#into.delete(namespace);
  }
}
