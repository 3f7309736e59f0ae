import { cloneJson, equalJson, isObject } from '../../lib/json.ts';
import type { JsonPatchOp, KubeObject, ObjectRef } from '../../api/kube.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { LABEL } from '../../api/names.ts';
import type { Write } from '../../api/writes.ts';

/** The answer of an API server that refuses; nothing was changed. */
export class WriteRefused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/**
 * Objects of one namespace in memory, which only `Write`s change. It is stricter than a server, to find
 * errors: JSON Patch follows RFC 6902 to the letter, and only objects marked as ours may be applied or
 * deleted. Returned objects are deeply frozen because they are shared: changing one throws.
 */
export class ObjectWorld {
  readonly #objects = new Map<string, KubeObject>();
  #uids = 0;

  constructor(objects: readonly KubeObject[] = []) {
    for (const object of objects) this.put(object);
  }

  /** A write by another author: creates or replaces, and raises the generation if the spec differs. */
  put(object: KubeObject): void {
    const key = keyOf(object.kind, object.metadata.name);
    const before = this.#objects.get(key);
    const bumped = before !== undefined && !equalJson(before.spec, object.spec) ? 1 : 0;
    const generation = (before?.metadata.generation ?? 1) + bumped;
    const uid = before?.metadata.uid ?? object.metadata.uid ?? `uid-${++this.#uids}`;
    this.#objects.set(key, frozen({ ...object, metadata: { ...object.metadata, uid, generation } }));
  }

  remove(kind: string, name: string): void {
    this.#objects.delete(keyOf(kind, name));
  }

  get(kind: string, name: string): KubeObject | undefined {
    return this.#objects.get(keyOf(kind, name));
  }

  list(kind: string): KubeObject[] {
    return [...this.#objects.values()].filter((object) => object.kind === kind);
  }

  /** Everything except what the server itself counts, to compare before with after. */
  content(): KubeObject[] {
    return [...this.#objects.values()].map((object) => {
      const copy = { ...object, metadata: { ...object.metadata } };
      delete copy.status;
      delete copy.metadata.uid;
      delete copy.metadata.generation;
      return copy;
    });
  }

  apply(write: Write): void {
    switch (write.verb) {
      case 'create':
        if (this.get(write.object.kind, write.object.metadata.name) !== undefined)
          throw new WriteRefused(409, 'exists');
        return this.put(write.object);
      case 'apply':
        return this.#serverSideApply(write.object);
      case 'jsonPatch':
        return this.put(patched(this.#mustGet(write.ref), write.patch));
      case 'mergePatch':
        return this.put(merged(this.#mustGet(write.ref), write.patch) as unknown as KubeObject);
      case 'delete':
        return this.#delete(write.ref, write.uid);
    }
  }

  #serverSideApply(object: KubeObject): void {
    const before = this.get(object.kind, object.metadata.name);
    if (before !== undefined) assertOurs(before);
    const metadata = {
      ...before?.metadata,
      ...object.metadata,
      labels: { ...before?.metadata.labels, ...object.metadata.labels },
      annotations: { ...before?.metadata.annotations, ...object.metadata.annotations },
    };
    this.put({ ...before, ...object, metadata });
  }

  #delete(ref: ObjectRef, uid: string): void {
    const before = this.get(ref.resource.kind, ref.name);
    if (before === undefined) return;
    assertOurs(before);
    if (before.metadata.uid !== uid) throw new WriteRefused(409, 'another uid');
    this.remove(ref.resource.kind, ref.name);
  }

  #mustGet(ref: ObjectRef): KubeObject {
    const object = this.get(ref.resource.kind, ref.name);
    if (object === undefined) throw new WriteRefused(404, `${ref.resource.kind} ${ref.name}`);
    return object;
  }
}

const keyOf = (kind: string, name: string) => `${kind}/${name}`;

/** A copy that cannot be changed. Objects that are frozen already came from here and are shared. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozen)) as T;
  return Object.freeze(
    Object.fromEntries(Object.entries(value).map(([key, each]) => [key, frozen(each)])),
  ) as T;
}

function assertOurs(object: KubeObject): void {
  if (object.metadata.labels?.[LABEL.managedBy] !== 'sluice') {
    throw new Error(`${object.kind} ${object.metadata.name} is not ours to apply or delete`);
  }
}

function merged(target: unknown, patch: Json | undefined): Json | undefined {
  if (!isObject(patch)) return patch;
  const out: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = merged(out[key], value);
  }
  return out;
}

function patched(object: KubeObject, patch: readonly JsonPatchOp[]): KubeObject {
  const out = cloneJson(object);
  for (const op of patch) applyOp(out, op);
  return out;
}

function applyOp(root: KubeObject, { op, path, value }: JsonPatchOp): void {
  const parts = path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = parts.pop() ?? '';
  let parent: unknown = root;
  for (const part of parts) parent = (parent as Record<string, unknown> | undefined)?.[part];
  if (typeof parent !== 'object' || parent === null) throw new WriteRefused(422, `no ${path}`);
  const members = parent as Record<string, unknown>;
  if (op !== 'add' && !Object.hasOwn(members, last)) throw new WriteRefused(422, `no ${path}`);
  if (op === 'test') {
    if (!equalJson(members[last], value)) throw new WriteRefused(422, `test of ${path} failed`);
  } else if (Array.isArray(parent) && op !== 'replace') {
    if (op === 'add') parent.splice(last === '-' ? parent.length : Number(last), 0, cloneJson(value));
    else parent.splice(Number(last), 1);
  } else if (op === 'remove') {
    delete members[last];
  } else {
    members[last] = cloneJson(value);
  }
}
