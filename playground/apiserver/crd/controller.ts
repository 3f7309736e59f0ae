/** Serves what CustomResourceDefinitions define: accepts names, adds the kind, cleans up on deletion. */
import { clone, get, list, metadata, object, text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { timestamp } from '../registry/metadata.ts';
import type { Registry } from '../registry/registry.ts';
import type { Storage, StoredEvent } from '../storage/storage.ts';
import { customKind } from './custom-kind.ts';
import { CLEANUP, customresourcedefinitions } from './definition.ts';

const CRDS = customresourcedefinitions.resource;

export class DefinitionController {
  readonly #storage: Storage;
  readonly #registry: Registry;
  readonly #now: () => number;
  readonly #deleteObject: (resource: string, object: JsonObject) => void;

  constructor(
    parts: { storage: Storage; registry: Registry; now: () => number },
    deleteObject: (resource: string, object: JsonObject) => void,
  ) {
    this.#storage = parts.storage;
    this.#registry = parts.registry;
    this.#now = parts.now;
    this.#deleteObject = deleteObject;
    parts.storage.subscribe(CRDS, (event) => this.#changed(event));
    parts.storage.subscribe('*', (event) => this.#objectGone(event));
  }

  #changed(event: StoredEvent): void {
    const kind = customKind(event.object);
    if (event.type === 'DELETED') {
      this.#registry.remove(kind);
      return;
    }
    this.#registry.add(kind);
    const name = text(metadata(event.object)['name']);
    // after the write that caused the event has returned
    if (event.type === 'ADDED') queueMicrotask(() => this.#accept(name));
    else if (metadata(event.object)['deletionTimestamp'] !== undefined)
      queueMicrotask(() => this.#cleanUp(name));
  }

  #accept(name: string): void {
    const definition = this.#storage.get(CRDS, '', name);
    if (!definition || list(get(definition, 'status', 'conditions')).length > 0) return;
    const next = clone(definition);
    const time = timestamp(this.#now());
    const condition = (type: string, reason: string, message: string): JsonObject => ({
      type,
      status: 'True',
      lastTransitionTime: time,
      reason,
      message,
    });
    next['status'] = {
      ...object(next['status']),
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      acceptedNames: clone(object(get(next, 'spec', 'names'))),
    };
    const meta = metadata(next);
    meta['finalizers'] = [...list(meta['finalizers']).filter((finalizer) => finalizer !== CLEANUP), CLEANUP];
    this.#storage.put(CRDS, next);
  }

  /** Deletes the objects of a definition that is being deleted, then lets it be removed. */
  #cleanUp(name: string): void {
    const definition = this.#storage.get(CRDS, '', name);
    if (!definition || metadata(definition)['deletionTimestamp'] === undefined) return;
    const { resource } = customKind(definition);
    for (const object of this.#storage.list(resource)) this.#deleteObject(resource, object);
    if (this.#storage.list(resource).length > 0) return;
    const next = clone(definition);
    const meta = metadata(next);
    const kept = list(meta['finalizers']).filter((finalizer) => finalizer !== CLEANUP);
    if (kept.length === 0) this.#storage.remove(CRDS, definition);
    else if (kept.length !== list(meta['finalizers']).length)
      this.#storage.put(CRDS, { ...next, metadata: { ...meta, finalizers: kept } });
  }

  #objectGone(event: StoredEvent): void {
    if (event.type !== 'DELETED' || event.resource === CRDS) return;
    const definition = this.#storage.get(CRDS, '', event.resource);
    if (definition && metadata(definition)['deletionTimestamp'] !== undefined) {
      queueMicrotask(() => this.#cleanUp(event.resource));
    }
  }
}
