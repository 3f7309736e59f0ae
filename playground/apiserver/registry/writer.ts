import {
  alreadyExists,
  ApiError,
  badRequest,
  Causes,
  conflict,
  forbidden,
  notFound,
  stale,
} from '../errors.ts';
import { clone, equal, get, list, metadata, text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { namespaces } from '../strategies/namespaces.ts';
import type { Admission } from '../admission/admission.ts';
import type { Storage } from '../storage/storage.ts';
import type { Env, Kind } from './kind.ts';
import {
  bumpGeneration,
  keepSystemFields,
  refuse,
  stampNew,
  validateMetadata,
  validateMetadataUpdate,
} from './metadata.ts';
import { mustFind, present, readObject, storedName } from './target.ts';
import type { Target, WriteRequest } from './target.ts';
import { trackUpdate, withoutTimes } from '../apply/track.ts';
import { keepOutside } from './subresource.ts';

export interface Written {
  object: JsonObject;
  created: boolean;
}

/** Gives the wanted object from the stored one, both in stored shape. */
export interface Change {
  /** the new object; `live` may be kept but not changed */
  next(live: JsonObject): JsonObject;
  /** ownership was computed already (server-side apply) */
  tracked?: boolean;
}

interface Update {
  request: WriteRequest;
  change: Change;
}

/** Create and update: the only way into the storage. */
export class Writer {
  readonly #storage: Storage;
  readonly #env: Env;
  readonly #admission: Admission;

  constructor(storage: Storage, env: Env, admission: Admission) {
    this.#storage = storage;
    this.#env = env;
    this.#admission = admission;
  }

  /** Creates an object from what a client sent. */
  create(target: Target, source: JsonObject, request: WriteRequest): Written {
    const object = readObject(target, source, request);
    const { kind, namespace } = target;
    const given = text(metadata(object)['namespace']);
    if (kind.namespaced && given !== '' && given !== namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    if (text(metadata(object)['resourceVersion']) !== '') {
      throw new ApiError(500, 'InternalError', 'resourceVersion should not be set on objects to be created');
    }
    return this.insert(target, object, request, false);
  }

  /** Stores a new object in stored shape; `tracked` if its managedFields are set already. */
  insert(target: Target, sent: JsonObject, request: WriteRequest, tracked: boolean): Written {
    const { kind } = target;
    if (kind.namespaced) this.#checkNamespace(kind, target.namespace ?? '', storedName(sent));
    if (kind.status && !kind.strategy.createsStatus) delete sent['status'];
    kind.strategy.defaults?.(sent);
    if (!tracked) trackUpdate(target, undefined, sent, { manager: request.manager, now: this.#env.now() });
    const object = this.#admission.mutate(target, { operation: 'CREATE', object: sent }, request);
    if (object !== sent) kind.strategy.defaults?.(object);
    stampNew(kind, object, {
      now: this.#env.now(),
      random: () => this.#env.random(),
      namespace: target.namespace,
    });
    kind.strategy.prepareCreate?.(object, this.#env);
    const causes = new Causes();
    validateMetadata(kind, object, causes);
    kind.strategy.validate?.(object, causes, undefined);
    refuse(kind, storedName(object), causes);
    request.warnings.push(
      ...(kind.strategy.warnings?.(object) ?? []),
      ...this.#admission.validate(target, { operation: 'CREATE', object }, request),
    );
    this.#checkFree(kind, object);
    return { object: request.dryRun ? object : this.#storage.put(kind.resource, object), created: true };
  }

  #checkFree(kind: Kind, object: JsonObject): void {
    const name = storedName(object);
    const found = this.#storage.get(kind.resource, text(metadata(object)['namespace']), name);
    if (!found) return;
    const leaving = get(found, 'metadata', 'deletionTimestamp') !== undefined;
    throw leaving ? alreadyExists(kind, name, 'object is being deleted') : alreadyExists(kind, name);
  }

  #checkNamespace(kind: Kind, namespace: string, name: string): void {
    const found = this.#storage.get(namespaces.resource, '', namespace);
    if (!found) throw notFound(namespaces, namespace);
    if (get(found, 'metadata', 'deletionTimestamp') === undefined) return;
    const message = `namespace ${namespace} is being terminated`;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(kind, name, why, [
      { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
    ]);
  }

  /** PUT: replaces an object with what a client sent; creates it if the kind allows that. */
  replace(target: Target, name: string, source: JsonObject, request: WriteRequest): Written {
    const object = readObject(target, source, request);
    this.#checkReplacement(target, name, object);
    const { kind } = target;
    const found = this.#storage.get(kind.resource, target.namespace ?? '', name);
    if (!found && kind.strategy.createOnUpdate && target.subresource === undefined) {
      return this.insert(target, object, request, false);
    }
    return this.update(target, name, request, { next: () => object });
  }

  #checkReplacement(target: Target, name: string, object: JsonObject): void {
    const meta = metadata(object);
    const given = text(meta['name']);
    if (given !== '' && given !== name) {
      throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
    }
    if (given === '') throw badRequest('name must be provided');
    const version = text(meta['resourceVersion']);
    if (target.kind.strategy.needsVersion && (version === '' || version === '0')) {
      const causes = new Causes();
      causes.invalid('metadata.resourceVersion', 0, 'must be specified for an update');
      refuse({ ...target.kind, kind: target.kind.plural }, name, causes);
    }
  }

  /** The only way to change an existing object. */
  update(target: Target, name: string, request: WriteRequest, change: Change): Written {
    const { kind } = target;
    const old = mustFind(target, this.#storage.get(kind.resource, target.namespace ?? '', name), name);
    const next = this.#admitted(
      target,
      this.#candidate(target, name, old, { request, change }),
      old,
      request,
    );
    const meta = metadata(next);
    const statusOnly = target.subresource === 'status';
    if (!statusOnly && target.subresource !== 'finalize') kind.strategy.prepareUpdate?.(next, old, this.#env);
    meta['resourceVersion'] = get(old, 'metadata', 'resourceVersion');
    if (!statusOnly && kind.strategy.generation?.(next, old) === true) bumpGeneration(next);
    this.#validate(target, next, old);
    request.warnings.push(
      ...(kind.strategy.warnings?.(next) ?? []),
      ...this.#admission.validate(target, { operation: 'UPDATE', object: next, old }, request),
    );
    return { object: this.#commit(kind, next, old, request.dryRun), created: false };
  }

  /**
   * The object that the client wants, with only the changes that it may make, and with defaults and
   * ownership.
   */
  #candidate(target: Target, name: string, old: JsonObject, write: Update): JsonObject {
    const { kind } = target;
    const { request, change } = write;
    const next = change.next(old);
    this.#checkPreconditions(kind, name, next, old);
    keepSystemFields(kind, next, old);
    keepOutside(target, next, old);
    kind.strategy.defaults?.(next);
    if (!change.tracked) trackUpdate(target, old, next, { manager: request.manager, now: this.#env.now() });
    return next;
  }

  /**
   * The object after the mutating policies, which may not change more than the request could. Ownership does
   * not follow their changes.
   */
  #admitted(target: Target, candidate: JsonObject, old: JsonObject, request: WriteRequest): JsonObject {
    const write = { operation: 'UPDATE', object: candidate, old } as const;
    const next = this.#admission.mutate(target, write, request);
    if (next === candidate) return next;
    keepSystemFields(target.kind, next, old);
    keepOutside(target, next, old);
    target.kind.strategy.defaults?.(next);
    return next;
  }

  #checkPreconditions(kind: Kind, name: string, next: JsonObject, old: JsonObject): void {
    const meta = metadata(next);
    const given = text(meta['name']);
    if (given !== '' && given !== name) {
      throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
    }
    meta['name'] = name;
    const version = text(meta['resourceVersion']);
    if (version !== '' && version !== '0' && !/^\d+$/.test(version)) {
      const causes = new Causes();
      causes.invalid('metadata.resourceVersion', version, 'must be an unsigned integer');
      refuse(kind, name, causes);
    }
    const uid = text(meta['uid']);
    if (version === '' && uid !== '' && uid !== get(old, 'metadata', 'uid')) {
      throw conflict(
        kind,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${text(get(old, 'metadata', 'uid'))}`,
      );
    }
    if (version !== '' && version !== '0' && version !== get(old, 'metadata', 'resourceVersion'))
      throw stale(kind, name);
  }

  #validate(target: Target, next: JsonObject, old: JsonObject): void {
    const { kind } = target;
    const { strategy } = kind;
    const causes = new Causes();
    validateMetadata(kind, next, causes);
    validateMetadataUpdate(next, old, causes);
    if (target.subresource === 'status') {
      strategy.validateStatus?.(next, causes, old);
    } else {
      strategy.validate?.(next, causes, old);
      strategy.validateUpdate?.(next, causes, old);
    }
    refuse(kind, storedName(next), causes);
  }

  /**
   * Stores the object unless nothing changed; removes an object whose deletion waited only for its last
   * finalizer.
   */
  #commit(kind: Kind, next: JsonObject, old: JsonObject, dryRun: boolean): JsonObject {
    if (dryRun) return next;
    const meta = metadata(next);
    const leaving = meta['deletionTimestamp'] !== undefined && list(meta['finalizers']).length === 0;
    const waits =
      Number(meta['deletionGracePeriodSeconds'] ?? 0) > 0 || list(get(next, 'spec', 'finalizers')).length > 0;
    if (leaving && !waits) {
      this.#storage.remove(kind.resource, old);
      return next;
    }
    if (equal(withoutTimes(next), withoutTimes(old))) return old;
    return this.#storage.put(kind.resource, next);
  }
}

/** A copy of a stored object in the shape of the request's version, for patches to work on. */
export function editable(target: Target, stored: JsonObject): JsonObject {
  return clone(present(target, stored));
}
