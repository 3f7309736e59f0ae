import { partsOf, pointer } from '../../lib/pointer.ts';
import { isObject } from '../../lib/json.ts';
import { isKubeObject, type JsonPatchOp, type KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Write } from '../../api/writes.ts';
import type { Seal } from './seal.ts';

const SEAL_PATH = pointer('metadata', 'annotations', ANNOTATION.seal);

type Patch = Extract<Write, { verb: 'jsonPatch' | 'mergePatch' }>;

/**
 * The write, extended by the seal that fits the Release after it. Any write that does not patch the record of a Release
 * is returned unchanged.
 *
 * @param releases as they were read, or written since, newest last; only those with a valid seal get a new one
 */
export function resealed(write: Write, seal: Seal, releases: readonly KubeObject[]): Write {
  if (write.verb !== 'jsonPatch' && write.verb !== 'mergePatch') return write;
  const { ref, subresource } = write;
  if (ref.resource !== RESOURCES.releases || subresource !== undefined) return write;
  const base = releases.findLast(({ metadata }) => metadata.name === ref.name);
  if (base === undefined || seal.standingOf(base) === 'unsealed') return write;
  const value = seal.of(patched(base, write));
  return value === undefined ? write : withSeal(write, base, value);
}

/** The first seal of a Release that was just created: its uid was not known before. */
export function firstSeal(made: KubeObject, seal: Seal): Write | undefined {
  const value = seal.of(made);
  if (made.kind !== RESOURCES.releases.kind || value === undefined) return undefined;
  return sealing(made, value);
}

/** Writes that replace seals by a key that now only verifies, with seals by the signing key. */
export const renewals = (releases: readonly KubeObject[], seal: Seal): Write[] =>
  releases
    .filter((release) => seal.standingOf(release) === 'aging')
    .flatMap((release) => {
      const value = seal.of(release);
      return value === undefined ? [] : [sealing(release, value)];
    });

function sealing({ metadata }: KubeObject, value: string): Write {
  const { name, namespace, uid = '', resourceVersion = '' } = metadata;
  const ref = { resource: RESOURCES.releases, name, ...(namespace === undefined ? {} : { namespace }) };
  const patch = { metadata: { uid, resourceVersion, annotations: { [ANNOTATION.seal]: value } } };
  return { verb: 'mergePatch', ref, patch };
}

/**
 * Bound to the resourceVersion for which the seal was computed, so that a change by another writer is not sealed
 * unseen.
 */
function withSeal(write: Patch, { metadata }: KubeObject, value: string): Write {
  const { resourceVersion = '', annotations } = metadata;
  if (write.verb === 'mergePatch') {
    const { metadata: change } = write.patch;
    const own = isObject(change) ? change : {};
    const given = isObject(own['annotations']) ? own['annotations'] : {};
    const sealed = { ...own, resourceVersion, annotations: { ...given, [ANNOTATION.seal]: value } };
    return { ...write, patch: { ...write.patch, metadata: sealed } };
  }
  const test: JsonPatchOp = { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion };
  const made: JsonPatchOp[] =
    annotations === undefined ? [{ op: 'add', path: '/metadata/annotations', value: {} }] : [];
  return { ...write, patch: [test, ...write.patch, ...made, { op: 'add', path: SEAL_PATH, value }] };
}

/** A Release after one of our patches. These patches address members of objects, never positions in lists. */
function patched(base: KubeObject, write: Patch): KubeObject {
  const copy: unknown = structuredClone(base);
  const object = write.verb === 'mergePatch' ? merged(copy, write.patch) : changed(copy, write.patch);
  if (!isKubeObject(object)) throw new Error('a patch of a Release leaves no object');
  return object;
}

/** RFC 7386 */
function merged(value: unknown, patch: JsonObject): JsonObject {
  const result: JsonObject = isObject(value) ? { ...value } : {};
  for (const [key, item] of Object.entries(patch)) {
    if (item === null) delete result[key];
    else if (item !== undefined) result[key] = isObject(item) ? merged(result[key], item) : item;
  }
  return result;
}

/** RFC 6902, in place; the server checks the `test` operations. */
function changed(object: unknown, patch: readonly JsonPatchOp[]): unknown {
  for (const step of patch) if (step.op !== 'test') change(object, step);
  return object;
}

function change(object: unknown, { op, path, value }: JsonPatchOp): void {
  const keys = partsOf(path);
  const last = keys.pop() ?? '';
  let parent: unknown = object;
  for (const key of keys) parent = isObject(parent) ? parent[key] : undefined;
  if (!isObject(parent))
    throw new Error(`a patch of a Release names ${path}, which is not a member of an object`);
  if (op === 'remove') delete parent[last];
  else if (value !== undefined) parent[last] = value;
}
