import type { JsonObject } from '../json.ts';
import { text } from '../json.ts';
import { Collection, nameOf, namespaceOf } from './collection.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface StoredEvent {
  version: number;
  type: EventType;
  /** "pods", "deployments.apps" */
  resource: string;
  object: JsonObject;
  /** the state before; absent for ADDED */
  previous?: JsonObject;
}

/** Versions up to this one count as compacted, so that a client's very old version is refused. */
const FIRST_VERSION = 1000;
/** Number of events kept for each resource; older ones are compacted. */
const HISTORY = 20_000;

interface History {
  events: StoredEvent[];
  /** events up to this version are gone */
  compacted: number;
}

export const versionOf = (object: JsonObject): number =>
  Number(text((object['metadata'] as JsonObject)['resourceVersion']));

/**
 * Objects by resource, one version counter for all of them, and a log of changes for each resource. Stored
 * objects are never changed in place: a write stores another object, so readers may keep what they got.
 */
export class Storage {
  #version = FIRST_VERSION;
  readonly #collections = new Map<string, Collection>();
  readonly #histories = new Map<string, History>();
  readonly #watchers = new Map<string, Set<(event: StoredEvent) => void>>();

  get version(): number {
    return this.#version;
  }

  get(resource: string, namespace: string, name: string): JsonObject | undefined {
    return this.#collections.get(resource)?.get(namespace, name);
  }

  list(resource: string, namespace?: string): JsonObject[] {
    return this.#collections.get(resource)?.list(namespace) ?? [];
  }

  /** The collection as it was at `version`; undefined if that version is compacted. */
  listAt(resource: string, version: number, namespace?: string): JsonObject[] | undefined {
    if (version >= this.#version) return this.list(resource, namespace);
    const later = this.since(resource, version);
    if (!later) return undefined;
    const past = new Collection();
    for (const object of this.list(resource, namespace)) past.set(object);
    for (const event of later.reverse()) {
      if (namespace !== undefined && namespaceOf(event.object) !== namespace) continue;
      if (event.previous) past.set(event.previous);
      else past.delete(namespaceOf(event.object), nameOf(event.object));
    }
    return past.list(namespace);
  }

  /** Changes after `version`, oldest first; undefined if some of them are compacted. */
  since(resource: string, version: number): StoredEvent[] | undefined {
    const history = this.#history(resource);
    if (version < history.compacted) return undefined;
    const { events } = history;
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    return events.slice(low);
  }

  /** Stores `object` itself (not a copy), with its new resourceVersion set, and notifies the watchers. */
  put(resource: string, object: JsonObject): JsonObject {
    const collection = this.#collection(resource);
    const previous = collection.get(namespaceOf(object), nameOf(object));
    const version = this.#stamp(object);
    collection.set(object);
    this.#record({
      version,
      type: previous ? 'MODIFIED' : 'ADDED',
      resource,
      object,
      ...(previous ? { previous } : {}),
    });
    return object;
  }

  /** Removes the stored object; watchers see `last` with a new resourceVersion, which is returned. */
  remove(resource: string, last: JsonObject): JsonObject {
    const collection = this.#collection(resource);
    const previous = collection.get(namespaceOf(last), nameOf(last));
    if (!previous) return last;
    const object = { ...last, metadata: { ...(last['metadata'] as JsonObject) } };
    const version = this.#stamp(object);
    collection.delete(namespaceOf(last), nameOf(last));
    this.#record({ version, type: 'DELETED', resource, object, previous });
    return object;
  }

  /** Calls `listener` on each change of `resource` ("*" = of all); returns a function that stops this. */
  subscribe(resource: string, listener: (event: StoredEvent) => void): () => void {
    let set = this.#watchers.get(resource);
    if (!set) this.#watchers.set(resource, (set = new Set()));
    set.add(listener);
    return () => {
      set.delete(listener);
    };
  }

  #stamp(object: JsonObject): number {
    this.#version++;
    (object['metadata'] as JsonObject)['resourceVersion'] = String(this.#version);
    return this.#version;
  }

  #record(event: StoredEvent): void {
    const history = this.#history(event.resource);
    history.events.push(event);
    if (history.events.length > HISTORY * 1.25) {
      const dropped = history.events.splice(0, history.events.length - HISTORY);
      history.compacted = dropped.at(-1)?.version ?? history.compacted;
    }
    for (const listener of this.#watchers.get(event.resource) ?? []) listener(event);
    for (const listener of this.#watchers.get('*') ?? []) listener(event);
  }

  #collection(resource: string): Collection {
    let found = this.#collections.get(resource);
    if (!found) this.#collections.set(resource, (found = new Collection()));
    return found;
  }

  #history(resource: string): History {
    let found = this.#histories.get(resource);
    if (!found) this.#histories.set(resource, (found = { events: [], compacted: FIRST_VERSION }));
    return found;
  }
}
