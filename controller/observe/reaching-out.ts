import type { KubeObject } from '../../api/kube.ts';
import type { Everywhere } from '../../kube/collection.ts';
import type { Change } from '../../kube/store.ts';
import { reachesInto } from '../../release/companions/index.ts';

/** Of policies that name no namespace in particular, and of those of namespaces that are not trusted, a pass looks at so many. */
const MOST = 100;

type ByName = Map<string, KubeObject>;

/**
 * NetworkPolicies that reach out of their namespace, by the namespace they reach into: few do, and looking through every one of
 * the cluster in each pass would be too much.
 */
export class ReachingOut implements Everywhere {
  /** the namespaces each is filed under */
  #filed = new Map<string, readonly string[]>();
  #into = new Map<string, ByName>();

  /** What was known before is good until the list is complete. */
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

  /** Those of other namespaces that may name pods of this one; what others make leaves none out of a trusted namespace. */
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
