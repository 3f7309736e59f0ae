import { clone, isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { ANY, fieldOf } from '../schema/schema.ts';
import type { ListOf, Schema } from '../schema/schema.ts';
import type { FieldSet } from '../../../api/field-sets.ts';
import { itemStep } from './fieldset.ts';

/** Merges an applied object into the live one: its values win, lists merge as the schema says. */
export function mergeApplied(
  schema: Schema,
  live: Json | undefined,
  applied: Json | undefined,
): Json | undefined {
  if (applied === undefined) return clone(live);
  if (schema.kind === 'list' && schema.type !== 'atomic' && Array.isArray(applied)) {
    return mergeItems(schema, Array.isArray(live) ? live : [], applied);
  }
  const atomic = (schema.kind === 'struct' || schema.kind === 'map') && schema.atomic;
  if (atomic || !isObject(applied) || !isObject(live)) return clone(applied);
  const out: JsonObject = {};
  for (const key of new Set([...Object.keys(live), ...Object.keys(applied)])) {
    const merged = mergeApplied(fieldOf(schema, key) ?? ANY, live[key], applied[key]);
    if (merged !== undefined) out[key] = merged;
  }
  return out;
}

/** Keeps the live order; new items come where the applied list has them. */
function mergeItems(schema: ListOf, live: Json[], applied: Json[]): Json[] {
  const step = (item: Json): string => itemStep(schema, item) ?? '';
  const liveByStep = new Map(live.map((item) => [step(item), item]));
  const wanted = new Set(applied.map(step));
  const out: Json[] = [];
  const done = new Set<string>();
  const take = (item: Json): void => {
    const id = step(item);
    done.add(id);
    out.push(mergeApplied(schema.items, liveByStep.get(id), item) ?? item);
  };
  let r = 0;
  for (const item of live) {
    const id = step(item);
    if (!wanted.has(id)) {
      out.push(clone(item));
      continue;
    }
    if (done.has(id)) continue;
    // everything applied up to and including this one
    for (; r < applied.length && !done.has(id); r++) {
      const next = applied[r];
      if (next !== undefined) take(next);
    }
  }
  for (; r < applied.length; r++) {
    const next = applied[r];
    if (next !== undefined) take(next);
  }
  return out;
}

/**
 * Removes what was applied before and no manager owns any longer. A field goes with everything under it if no
 * manager owns anything in it, so that defaults below do not keep it alive.
 */
export function removeAbandoned(
  schema: Schema,
  value: Json,
  before: FieldSet,
  owned: FieldSet | undefined,
): Json {
  if (Array.isArray(value)) {
    if (schema.kind !== 'list' || schema.type === 'atomic') return value;
    return value.flatMap((item) => {
      const inner = keep(schema.items, item, itemStep(schema, item) ?? '', { before, owned });
      return inner === undefined ? [] : [inner];
    });
  }
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    if (entry === undefined) continue;
    const inner = keep(fieldOf(schema, key) ?? ANY, entry, `f:${key}`, { before, owned });
    if (inner !== undefined) out[key] = inner;
  }
  return out;
}

interface Sets {
  before: FieldSet;
  owned: FieldSet | undefined;
}

function keep(schema: Schema, value: Json, step: string, { before, owned }: Sets): Json | undefined {
  const wasMine = before.children.get(step);
  if (!wasMine) return value;
  const stillOwned = owned?.children.get(step);
  if (!stillOwned) return undefined;
  return removeAbandoned(schema, value, wasMine, stillOwned);
}
