import type { FieldSet } from '../../../api/field-sets.ts';
import { canonical, isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { KEY_DEFAULTS } from '../schema/schema.ts';
import type { ListOf } from '../schema/schema.ts';

/** All paths of the set, as lists of steps. */
export function paths(set: FieldSet, prefix: string[] = []): string[][] {
  const own = set.member && prefix.length > 0 ? [prefix] : [];
  return [...own, ...[...set.children].flatMap(([step, child]) => paths(child, [...prefix, step]))];
}

/** The step that names an item of a set or map list; undefined if the item lacks its keys. */
export function itemStep(schema: ListOf, item: Json): string | undefined {
  if (schema.type === 'set') return `v:${canonical(item)}`;
  if (!isObject(item)) return undefined;
  const keys: JsonObject = {};
  for (const key of schema.keys) {
    const value = item[key] ?? KEY_DEFAULTS[key];
    if (value !== undefined) keys[key] = value;
  }
  return Object.keys(keys).length === 0 ? undefined : `k:${canonical(keys)}`;
}

/** '.spec.containers[name="app"].image': a path as conflict messages show it. */
export function showPath(steps: string[]): string {
  return steps.map(showStep).join('');
}

function showStep(step: string): string {
  if (step.startsWith('f:')) return `.${step.slice(2)}`;
  if (step.startsWith('v:')) return `[=${step.slice(2)}]`;
  const keys = JSON.parse(step.slice(2)) as JsonObject;
  return `[${Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}]`;
}
