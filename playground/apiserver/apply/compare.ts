import { equal, isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { ANY, fieldOf } from '../schema/schema.ts';
import type { ListOf, Schema } from '../schema/schema.ts';
import { emptySet, isEmpty, leaf } from '../../../api/field-sets.ts';
import type { FieldSet } from '../../../api/field-sets.ts';
import { itemStep } from './fieldset.ts';

export interface Comparison {
  /** paths that are new or whose value changed */
  changed: FieldSet;
  removed: FieldSet;
}

type Pair = [Json | undefined, Json | undefined];

/** How two objects differ, path by path, following the schema's rules for lists and maps. */
export function compare(schema: Schema, before: Json | undefined, after: Json | undefined): Comparison {
  const changed = emptySet();
  const removed = emptySet();
  walk(schema, [before, after], changed, removed);
  changed.member = false;
  removed.member = false;
  return { changed, removed };
}

const isMap = (value: Json | undefined): boolean => value === undefined || value === null || isObject(value);
const isList = (value: Json | undefined): boolean =>
  value === undefined || value === null || Array.isArray(value);

function empty(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Whether the schema lets managers own parts of the value. */
function isGranular(schema: Schema, [before, after]: Pair): boolean {
  if (empty(before) && empty(after)) return false;
  if (schema.kind === 'list') return schema.type !== 'atomic' && isList(before) && isList(after);
  if (schema.kind === 'struct' || schema.kind === 'map')
    return !schema.atomic && isMap(before) && isMap(after);
  // free-form content: maps by field, everything else as a whole
  return schema.type === 'any' && isMap(before) && isMap(after);
}

function walk(schema: Schema, pair: Pair, changed: FieldSet, removed: FieldSet): void {
  const [before, after] = pair;
  if (before === undefined && after === undefined) return;
  if (!isGranular(schema, pair)) {
    if (after === undefined) removed.member = true;
    else if (before === undefined || !equal(before, after)) changed.member = true;
    return;
  }
  if (before === undefined) changed.member = true;
  if (after === undefined) removed.member = true;
  for (const [step, child, values] of children(schema, pair)) {
    const childChanged = emptySet();
    const childRemoved = emptySet();
    walk(child, values, childChanged, childRemoved);
    if (!isEmpty(childChanged)) changed.children.set(step, childChanged);
    if (!isEmpty(childRemoved)) removed.children.set(step, childRemoved);
  }
}

function children(schema: Schema, [before, after]: Pair): [string, Schema, Pair][] {
  if (schema.kind === 'list') return items(schema, before, after);
  const a = isObject(before) ? before : {};
  const b = isObject(after) ? after : {};
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].map((name) => [`f:${name}`, fieldOf(schema, name) ?? ANY, [a[name], b[name]]]);
}

function items(schema: ListOf, before: Json | undefined, after: Json | undefined): [string, Schema, Pair][] {
  const pairs = new Map<string, Pair>();
  const add = (list: Json | undefined, side: 0 | 1): void => {
    for (const item of Array.isArray(list) ? list : []) {
      const step = itemStep(schema, item);
      if (step === undefined) continue;
      const pair = pairs.get(step) ?? [undefined, undefined];
      pair[side] ??= item;
      pairs.set(step, pair);
    }
  };
  add(before, 0);
  add(after, 1);
  return [...pairs].map(([step, pair]) => [step, schema.items, pair]);
}

/** The paths an applied object claims. */
export function fieldsOf(schema: Schema, value: Json | undefined): FieldSet {
  const set = emptySet();
  if (value === undefined) return set;
  if (!isGranular(schema, [undefined, value])) return leaf();
  for (const [step, child, [, item]] of children(schema, [undefined, value])) {
    const inner = fieldsOf(child, item);
    const claimed =
      schema.kind === 'list' || schema.kind === 'map' || schema.kind === 'scalar' || empty(item);
    inner.member ||= claimed;
    if (!isEmpty(inner)) set.children.set(step, inner);
  }
  return set;
}
