import { partsOf } from '../../../lib/pointer.ts';
import { clone, equal, isObject, word } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

/**
 * RFC 6902 with the API server's deviations, so the usual libraries cannot be used: `replace` of a missing
 * member adds it, `test` of a missing member passes for null, and every failure is the same 422.
 */
export class JsonPatchError extends Error {}

const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/** Applies a patch to a copy of `document`; throws JsonPatchError if an operation does not apply. */
export function jsonPatch(document: Json, patch: Json[]): Json {
  let root = clone(document);
  for (const operation of patch) root = step(root, isObject(operation) ? operation : {});
  return root;
}

function step(root: Json, operation: JsonObject): Json {
  const { op, path, from, value = null } = operation;
  if (typeof op !== 'string' || !OPERATIONS.includes(op))
    throw new JsonPatchError(`Unexpected kind: ${word(op)}`);
  if (typeof path !== 'string') throw new JsonPatchError('path is missing');
  const to = pointer(path);
  switch (op) {
    case 'add':
      return put(root, to, clone(value), true);
    case 'replace':
      return put(root, to, clone(value), false);
    case 'remove':
      return take(root, to);
    case 'test':
      if (!equal(find(root, to) ?? null, value)) throw new JsonPatchError(`testing value ${path} failed`);
      return root;
    default:
      return relocate(root, op, pointer(typeof from === 'string' ? from : ''), to);
  }
}

function relocate(root: Json, op: string, from: string[], to: string[]): Json {
  const moved = find(root, from);
  if (moved === undefined) throw new JsonPatchError(`${op}: missing source /${from.join('/')}`);
  const copied = clone(moved);
  return put(op === 'move' ? take(root, from) : root, to, copied, true);
}

function pointer(path: string): string[] {
  if (path !== '' && !path.startsWith('/'))
    throw new JsonPatchError(`path ${path} does not begin with a slash`);
  return partsOf(path);
}

function find(root: Json, path: string[]): Json | undefined {
  let current: Json | undefined = root;
  for (const part of path) {
    if (Array.isArray(current)) current = /^\d+$/.test(part) ? current[Number(part)] : undefined;
    else if (isObject(current)) current = Object.hasOwn(current, part) ? current[part] : undefined;
    else return undefined;
  }
  return current;
}

/** The container of the last step; throws if the path to it does not exist. */
function parentOf(root: Json, path: string[]): { parent: Json[] | JsonObject; last: string } {
  const parent = find(root, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  if (Array.isArray(parent) || isObject(parent)) return { parent, last };
  throw new JsonPatchError(`the path /${path.join('/')} does not exist`);
}

function position(list: Json[], part: string, most: number): number {
  const index = /^-?\d+$/.test(part) ? Number(part) : NaN;
  const at = index < 0 ? list.length + index : index;
  if (Number.isNaN(at) || at < 0 || at > most) throw new JsonPatchError(`index ${part} is out of bounds`);
  return at;
}

function put(root: Json, path: string[], value: Json, insert: boolean): Json {
  if (path.length === 0) return value;
  const { parent, last } = parentOf(root, path);
  if (!Array.isArray(parent)) parent[last] = value;
  else if (insert)
    parent.splice(last === '-' ? parent.length : position(parent, last, parent.length), 0, value);
  else parent[position(parent, last, parent.length - 1)] = value;
  return root;
}

function take(root: Json, path: string[]): Json {
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) parent.splice(position(parent, last, parent.length - 1), 1);
  else if (parent[last] === undefined) throw new JsonPatchError(`Unable to remove nonexistent key: ${last}`);
  else Reflect.deleteProperty(parent, last);
  return root;
}
