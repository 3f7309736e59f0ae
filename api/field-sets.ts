import { isObject } from '../lib/json.ts';
import type { JsonObject } from '../lib/json.ts';

/**
 * A set of fields of an object as a tree, as `metadata.managedFields` holds it. Steps are written as in FieldsV1: "f:name",
 * 'k:{"name":"app"}', 'v:"x"'. `member` says that the path up to here is itself in the set.
 */
export interface FieldSet {
  member: boolean;
  children: Map<string, FieldSet>;
}

export const emptySet = (): FieldSet => ({ member: false, children: new Map() });
export const leaf = (): FieldSet => ({ member: true, children: new Map() });
export const isEmpty = (set: FieldSet): boolean => !set.member && set.children.size === 0;

const NONE: FieldSet = emptySet();

function combine(a: FieldSet, b: FieldSet, keep: (inA: boolean, inB: boolean) => boolean): FieldSet {
  const out: FieldSet = { member: keep(a.member, b.member), children: new Map() };
  for (const step of new Set([...a.children.keys(), ...b.children.keys()])) {
    const merged = combine(a.children.get(step) ?? NONE, b.children.get(step) ?? NONE, keep);
    if (!isEmpty(merged)) out.children.set(step, merged);
  }
  return out;
}

export const union = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA || inB);
export const difference = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && !inB);
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && inB);

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

export function fromFieldsV1(fields: unknown): FieldSet {
  const read = (value: unknown): FieldSet => {
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
