import { isKubeObject, type KubeObject } from '../../api/kube.ts';
import type { ObjectEvent, ResourceName, StoreClient, WriteOptions } from './contract.ts';
import { CONTROLLER_MANAGER } from './http/users.ts';
import { ApiError } from './errors.ts';
import { clone } from './json.ts';
import type { JsonObject } from './json.ts';
import type { Deleter } from './registry/deleter.ts';
import type { Registry } from './registry/registry.ts';
import { present } from './registry/target.ts';
import type { Target, WriteRequest } from './registry/target.ts';
import type { Writer } from './registry/writer.ts';
import type { Storage, StoredEvent } from './storage/storage.ts';

interface Parts {
  storage: Storage;
  registry: Registry;
  writer: Writer;
  deleter: Deleter;
}

const IN_PROCESS = 'playground';

/** The server's client in this process: the same rules as over HTTP, without HTTP. */
export class InProcessClient implements StoreClient {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get(resource: ResourceName, namespace: string | undefined, name: string): KubeObject | undefined {
    const target = this.#find(resource, namespace);
    if (!target) return undefined;
    const found = this.#parts.storage.get(target.kind.resource, target.namespace ?? '', name);
    return found && hand(target, found);
  }

  list(resource: ResourceName, namespace?: string): KubeObject[] {
    const target = this.#find(resource, namespace);
    if (!target) return [];
    const where = target.kind.namespaced ? namespace : undefined;
    return this.#parts.storage.list(target.kind.resource, where).map((object) => hand(target, object));
  }

  create(resource: ResourceName, object: KubeObject, options: WriteOptions = {}): KubeObject {
    const target = this.#target(resource, object.metadata.namespace ?? 'default');
    return hand(target, this.#parts.writer.create(target, take(object), request(options)).object);
  }

  update(resource: ResourceName, object: KubeObject, options: WriteOptions = {}): KubeObject {
    const found = this.#target(resource, object.metadata.namespace ?? 'default');
    const target = options.subresource === undefined ? found : { ...found, subresource: options.subresource };
    const { name } = object.metadata;
    return hand(target, this.#parts.writer.replace(target, name, take(object), request(options)).object);
  }

  delete(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    options: Parameters<StoreClient['delete']>[3] = {},
  ): void {
    this.#parts.deleter.delete(this.#target(resource, namespace), name, {
      dryRun: false,
      user: CONTROLLER_MANAGER,
      ...options,
    });
  }

  watch(listener: (event: ObjectEvent) => void): () => void {
    const queue: StoredEvent[] = [];
    let open = true;
    const drain = (): void => {
      for (let event = queue.shift(); event && open; event = queue.shift()) {
        const kind = this.#parts.registry.byResource(event.resource);
        const version = kind?.versions[0];
        if (kind && version) {
          listener({
            type: event.type,
            resource: event.resource,
            object: hand({ kind, version }, event.object),
          });
        }
      }
    };
    const stop = this.#parts.storage.subscribe('*', (event) => {
      // a microtask later: the write that caused the event has returned by then
      if (queue.push(event) === 1) queueMicrotask(drain);
    });
    return () => {
      open = false;
      stop();
    };
  }

  /** Undefined for a kind that is not served, or no longer: its collection is empty. */
  #find(resource: ResourceName, namespace: string | undefined): Target | undefined {
    const kind = this.#parts.registry.byResource(resource);
    const version = kind?.versions[0];
    return kind && version && { kind, version, namespace: kind.namespaced ? namespace : undefined };
  }

  #target(resource: ResourceName, namespace: string | undefined): Target {
    const found = this.#find(resource, namespace);
    if (found) return found;
    const remedy = 'give plural.group, or plural for the core group';
    throw new ApiError(404, 'NotFound', `the playground serves no resource ${resource}; ${remedy}`);
  }
}

function request(options: WriteOptions): WriteRequest {
  const { fieldManager, user = CONTROLLER_MANAGER } = options;
  const sent = fieldManager === undefined ? {} : { fieldManager };
  return {
    ...sent,
    manager: fieldManager ?? IN_PROCESS,
    user,
    dryRun: false,
    validation: 'Ignore',
    patch: false,
    warnings: [],
  };
}

function hand(target: Pick<Target, 'kind' | 'version'>, stored: JsonObject): KubeObject {
  const object = clone(present(target, stored));
  if (!isKubeObject(object)) throw new TypeError(`a stored ${target.kind.kind} has no metadata`);
  return object;
}

/** Through JSON, like an object that a client sends: no undefined members, nothing shared. */
const take = (object: KubeObject): JsonObject => JSON.parse(JSON.stringify(object)) as JsonObject;
