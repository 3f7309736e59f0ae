import { canonical, clone, equal, isObject, list, word } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { ANY, fieldOf } from '../schema/schema.ts';
import type { ListOf, Schema } from '../schema/schema.ts';

/**
 * Kubernetes' strategic merge patch: lists merge by the key that the schema names, with the directives
 * $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList. No library outside of Go supports it.
 */
export class StrategicPatchError extends Error {}

const ORDER = '$setElementOrder/';
const REMOVE = '$deleteFromPrimitiveList/';

/** Applies a patch to a copy of `target`; throws StrategicPatchError for directives that it cannot follow. */
export function strategicPatch(schema: Schema, target: JsonObject, patch: JsonObject): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') {
    throw new StrategicPatchError(`Unknown patch type found: ${word(directive)}`);
  }
  const out: JsonObject = { ...target };
  retainKeys(out, patch);
  for (const key of Object.keys(patch))
    if (key.startsWith(REMOVE)) removeScalars(out, key.slice(REMOVE.length), list(patch[key]));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') || value === undefined) continue;
    if (value === null) Reflect.deleteProperty(out, key);
    else out[key] = merge(fieldOf(schema, key) ?? ANY, out[key], value, patch[ORDER + key]);
  }
  reorder(schema, out, patch);
  return out;
}

function withoutDirectives(patch: JsonObject): JsonObject {
  const kept = Object.entries(patch).filter(([key, value]) => !key.startsWith('$') && value !== null);
  return clone(Object.fromEntries(kept));
}

function retainKeys(out: JsonObject, patch: JsonObject): void {
  const kept = patch['$retainKeys'];
  if (!Array.isArray(kept)) return;
  for (const key of Object.keys(out)) if (!kept.includes(key)) Reflect.deleteProperty(out, key);
}

function removeScalars(out: JsonObject, key: string, values: Json[]): void {
  const current = out[key];
  if (!Array.isArray(current)) return;
  const kept = current.filter((item) => !values.some((value) => equal(value, item)));
  if (kept.length > 0) out[key] = kept;
  else Reflect.deleteProperty(out, key);
}

function merge(schema: Schema, target: Json | undefined, patch: Json, order: Json | undefined): Json {
  if (isObject(patch)) return strategicPatch(schema, isObject(target) ? target : {}, patch);
  if (!Array.isArray(patch) || schema.kind !== 'list') return clone(patch);
  return mergeList(schema, list(target), patch, Array.isArray(order) ? order : undefined);
}

/** $setElementOrder for a list that the patch does not change otherwise. */
function reorder(schema: Schema, out: JsonObject, patch: JsonObject): void {
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ORDER) || !Array.isArray(order)) continue;
    const name = key.slice(ORDER.length);
    const field = fieldOf(schema, name);
    const current = out[name];
    if (field?.kind !== 'list' || patch[name] !== undefined || !Array.isArray(current)) continue;
    out[name] = arrange(current, order, current, identity(field));
  }
}

/** The identity of an item in a merged list. */
function identity(schema: ListOf): (item: Json) => string {
  const key = schema.mergeKey;
  return key === undefined || key === ''
    ? canonical
    : (item) => canonical(isObject(item) ? (item[key] ?? null) : item);
}

function mergeList(schema: ListOf, target: Json[], patch: Json[], order: Json[] | undefined): Json[] {
  const key = schema.mergeKey;
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace')) {
    return patch
      .filter((item) => !(isObject(item) && item['$patch'] === 'replace'))
      .map((item) => clone(item));
  }
  if (key === undefined) return clone(patch);
  const id = identity(schema);
  if (key === '') {
    const merged = [...target, ...patch].filter(
      (item, i, all) => all.findIndex((other) => equal(other, item)) === i,
    );
    return arrange(merged, order ?? patch, target, id);
  }
  const { kept, rest } = withoutDeleted(target, patch, key);
  const merged = [...kept];
  for (const item of rest) {
    const at = merged.findIndex((candidate) => id(candidate) === id(item));
    const before = merged[at];
    const after = strategicPatch(schema.items, isObject(before) ? before : {}, item);
    if (at < 0) merged.push(after);
    else merged[at] = after;
  }
  return arrange(merged, order ?? rest, target, id);
}

function withoutDeleted(target: Json[], patch: Json[], key: string): { kept: Json[]; rest: JsonObject[] } {
  const rest: JsonObject[] = [];
  let kept = target;
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) {
      throw new StrategicPatchError(`map: ${canonical(item)} does not contain declared merge key: ${key}`);
    }
    if (item['$patch'] === 'delete')
      kept = kept.filter((old) => !(isObject(old) && equal(old[key], item[key])));
    else rest.push(item);
  }
  return { kept, rest };
}

/**
 * Orders a merged list: items of the patch in the patch's order; the others stay before those that followed
 * them on the server.
 */
function arrange(merged: Json[], order: Json[], server: Json[], id: (item: Json) => string): Json[] {
  const wanted = new Map(order.map((item, i) => [id(item), i]));
  const before = new Map(server.map((item, i) => [id(item), i]));
  const place = (item: Json, places: Map<string, number>): number => places.get(id(item)) ?? places.size;
  const patched = merged
    .filter((item) => wanted.has(id(item)))
    .sort((a, b) => place(a, wanted) - place(b, wanted));
  const others = merged
    .filter((item) => !wanted.has(id(item)))
    .sort((a, b) => place(a, before) - place(b, before));
  const out: Json[] = [];
  let i = 0;
  let j = 0;
  while (i < others.length || j < patched.length) {
    const left = others[i];
    const right = patched[j];
    const leftPlace = left === undefined ? undefined : before.get(id(left));
    const rightPlace = right === undefined ? undefined : before.get(id(right));
    const leftFirst = leftPlace !== undefined && rightPlace !== undefined && leftPlace < rightPlace;
    if (left !== undefined && (right === undefined || leftFirst)) {
      out.push(left);
      i++;
    } else if (right !== undefined) {
      out.push(right);
      j++;
    }
  }
  return out;
}
