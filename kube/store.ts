import type { KubeObject } from '../api/kube.ts';
import { deepFreeze } from '../lib/freeze.ts';

export type Change =
  | { type: 'ADDED' | 'MODIFIED'; object: KubeObject; old?: KubeObject }
  | { type: 'DELETED'; object: KubeObject };

/** What a reflector feeds. */
export interface Sink {
  /** the whole collection as of `resourceVersion`, read from the newest state */
  replace(objects: readonly KubeObject[], resourceVersion: string): void;
  /** one watch event */
  observe(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void;
  /** everything up to this version has been delivered */
  bookmark(resourceVersion: string): void;
  /** the server does not know this kind */
  absent(): void;
  /** the server has this kind and does not let us read it: from now on nothing is known of it */
  forbidden(): void;
}

/**
 * Cache of one kind of object, in one namespace or all. Objects in it are deep-frozen. Versions only move forward: the
 * result of our own write is visible at once, and a late event or list never undoes it.
 */
export class Store implements Sink {
  readonly #objects = new Map<string, KubeObject>();
  readonly #namespaces = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #syncListeners = new Set<() => void>();
  readonly #trim: (object: KubeObject) => KubeObject;
  /** everything up to this version has come through the watch */
  #seen = '0';
  #synced = false;
  #forbidden = false;

  /** @param options.trim what is kept of each object, at least its name and version; default: all */
  constructor(options: { trim?: (object: KubeObject) => KubeObject } = {}) {
    this.#trim = options.trim ?? ((object) => object);
  }

  /** true once the first list has arrived, and from then on: while the server is away, the last known objects are served */
  get synced(): boolean {
    return this.#synced;
  }

  /** true while the collection may not be read; it is empty then */
  get isForbidden(): boolean {
    return this.#forbidden;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(keyOf(namespace, name));
  }

  list(): KubeObject[] {
    return [...this.#objects.values()];
  }

  byNamespace(namespace: string): KubeObject[] {
    return [...(this.#namespaces.get(namespace)?.values() ?? [])];
  }

  /** Calls `listener` after each change; returns a function that removes it. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` once, when the first list has arrived. */
  onSynced(listener: () => void): void {
    if (this.#synced) listener();
    else this.#syncListeners.add(listener);
  }

  replace(objects: readonly KubeObject[], resourceVersion: string): void {
    this.#forbidden = false;
    // The server's history went back (restored, or another server): nothing known before counts.
    if (isNewer(this.#seen, resourceVersion)) this.#clear(objects);
    const listed = new Set(objects.map((object) => keyOf(object.metadata.namespace, object.metadata.name)));
    for (const [key, object] of this.#objects) {
      // An object we wrote after this list was taken is missing from it without being gone.
      if (!listed.has(key) && !isNewer(versionOf(object), resourceVersion)) this.#remove(key, object);
    }
    for (const object of objects) this.#upsert(object);
    this.#seen = resourceVersion;
    this.#markSynced();
  }

  absent(): void {
    this.#forbidden = false;
    this.#clear([]);
    this.#markSynced();
  }

  forbidden(): void {
    this.#forbidden = true;
    this.#clear([]);
    this.#markSynced();
  }

  observe(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    this.bookmark(versionOf(object));
    if (type !== 'DELETED') return this.#upsert(object);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const present = this.#objects.get(key);
    if (present !== undefined && !isNewer(versionOf(present), versionOf(object)))
      this.#remove(key, deepFreeze(object));
  }

  bookmark(resourceVersion: string): void {
    if (isNewer(resourceVersion, this.#seen)) this.#seen = resourceVersion;
  }

  /**
   * Stores what the server returned to one of our writes. Ignored if the watch has already passed that version: the
   * object may have been deleted since.
   */
  written(object: KubeObject): void {
    if (isNewer(versionOf(object), this.#seen)) this.#upsert(object);
  }

  #markSynced(): void {
    if (this.#synced) return;
    this.#synced = true;
    for (const listener of this.#syncListeners) listener();
    this.#syncListeners.clear();
  }

  /** Forgets all versions, and all objects that are not in `keep`. */
  #clear(keep: readonly KubeObject[]): void {
    const kept = new Set(keep.map((object) => keyOf(object.metadata.namespace, object.metadata.name)));
    this.#seen = '0';
    for (const [key, object] of this.#objects) {
      if (kept.has(key)) this.#objects.set(key, withoutVersion(object));
      else this.#remove(key, object);
    }
  }

  #upsert(object: KubeObject): void {
    const { namespace, name } = object.metadata;
    const key = keyOf(namespace, name);
    const old = this.#objects.get(key);
    if (old !== undefined && !isNewer(versionOf(object), versionOf(old))) return;
    const kept = deepFreeze(this.#trim(object));
    this.#objects.set(key, kept);
    if (namespace !== undefined) {
      const inNamespace = this.#namespaces.get(namespace) ?? new Map<string, KubeObject>();
      this.#namespaces.set(namespace, inNamespace.set(name, kept));
    }
    this.#tell(old === undefined ? { type: 'ADDED', object: kept } : { type: 'MODIFIED', object: kept, old });
  }

  #remove(key: string, object: KubeObject): void {
    const { namespace, name } = object.metadata;
    this.#objects.delete(key);
    if (namespace !== undefined) {
      const inNamespace = this.#namespaces.get(namespace);
      inNamespace?.delete(name);
      if (inNamespace?.size === 0) this.#namespaces.delete(namespace);
    }
    this.#tell({ type: 'DELETED', object });
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** Versions are decimal numbers of any length. */
export function isNewer(version: string, than: string): boolean {
  return version.length === than.length ? version > than : version.length > than.length;
}

function withoutVersion(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: '0' } };
}

function versionOf(object: KubeObject): string {
  return object.metadata.resourceVersion ?? '0';
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
