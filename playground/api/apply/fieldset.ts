import { canonical, isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { KEY_DEFAULTS } from '../schema/schema.ts';
import type { ListOf } from '../schema/schema.ts';

/**
 * A set of field paths as a tree. Steps are written as in FieldsV1: "f:name", 'k:{"name":"app"}', 'v:"x"'.
 * `member` says that the path up to here is itself in the set.
 */
export interface FieldSet {
  member: boolean;
  children: Map<string, FieldSet>;
}

export const emptySet = (): FieldSet => ({ member: false, children: new Map() });
export const leaf = (): FieldSet => ({ member: true, children: new Map() });
export const isEmpty = (set: FieldSet): boolean => !set.member && set.children.size === 0;

function combine(a: FieldSet, b: FieldSet, keep: (inA: boolean, inB: boolean) => boolean): FieldSet {
  const out: FieldSet = { member: keep(a.member, b.member), children: new Map() };
  for (const step of new Set([...a.children.keys(), ...b.children.keys()])) {
    const merged = combine(a.children.get(step) ?? NONE, b.children.get(step) ?? NONE, keep);
    if (!isEmpty(merged)) out.children.set(step, merged);
  }
  return out;
}

const NONE: FieldSet = emptySet();

export const union = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA || inB);
export const difference = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && !inB);
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && inB);

/** All paths of the set, as lists of steps. */
export function paths(set: FieldSet, prefix: string[] = []): string[][] {
  const own = set.member && prefix.length > 0 ? [prefix] : [];
  return [...own, ...[...set.children].flatMap(([step, child]) => paths(child, [...prefix, step]))];
}

/** To FieldsV1: a leaf is {}, a member with children holds ".". */
export function toFieldsV1(set: FieldSet): JsonObject {
  const out: JsonObject = {};
  if (set.member && set.children.size > 0) out['.'] = {};
  for (const step of [...set.children.keys()].sort()) {
    const child = set.children.get(step);
    if (child) out[step] = toFieldsV1(child);
  }
  return out;
}

export function fromFieldsV1(fields: Json | undefined): FieldSet {
  const read = (value: Json | undefined): FieldSet => {
    const set = emptySet();
    if (!isObject(value)) return leaf();
    const steps = Object.keys(value).filter((step) => step !== '.');
    set.member = steps.length === 0 || value['.'] !== undefined;
    for (const step of steps) set.children.set(step, read(value[step]));
    return set;
  };
  const set = read(fields);
  set.member = false;
  return set;
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
