import { text } from '../json.ts';
import type { JsonObject } from '../json.ts';

interface Bucket {
  objects: Map<string, JsonObject>;
  /** names in order; undefined after an insertion or a removal */
  sorted: string[] | undefined;
}

export const namespaceOf = (object: JsonObject): string =>
  text((object['metadata'] as JsonObject)['namespace']);
export const nameOf = (object: JsonObject): string => text((object['metadata'] as JsonObject)['name']);

/** Namespaces sort like their keys "<namespace>/<name>": "a-b/" comes before "a/". */
const byKey = (a: string, b: string): number => (`${a}/` < `${b}/` ? -1 : 1);

/** All objects of one kind, by namespace and name ("" for cluster-scoped kinds). */
export class Collection {
  readonly #buckets = new Map<string, Bucket>();

  get(namespace: string, name: string): JsonObject | undefined {
    return this.#buckets.get(namespace)?.objects.get(name);
  }

  set(object: JsonObject): void {
    const namespace = namespaceOf(object);
    let bucket = this.#buckets.get(namespace);
    if (!bucket) this.#buckets.set(namespace, (bucket = { objects: new Map(), sorted: undefined }));
    const name = nameOf(object);
    if (!bucket.objects.has(name)) bucket.sorted = undefined;
    bucket.objects.set(name, object);
  }

  delete(namespace: string, name: string): void {
    const bucket = this.#buckets.get(namespace);
    if (!bucket?.objects.delete(name)) return;
    bucket.sorted = undefined;
    if (bucket.objects.size === 0) this.#buckets.delete(namespace);
  }

  /** In order of namespace, then name; for one namespace, or for all. */
  list(namespace?: string): JsonObject[] {
    const names = namespace === undefined ? [...this.#buckets.keys()].sort(byKey) : [namespace];
    return names.flatMap((name) => this.#ordered(name));
  }

  #ordered(namespace: string): JsonObject[] {
    const bucket = this.#buckets.get(namespace);
    if (!bucket) return [];
    bucket.sorted ??= [...bucket.objects.keys()].sort();
    const out: JsonObject[] = [];
    for (const name of bucket.sorted) {
      const object = bucket.objects.get(name);
      if (object) out.push(object);
    }
    return out;
  }
}
