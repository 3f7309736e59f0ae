/** A CRD's openAPIV3Schema as a schema of ours, and pruning and defaulting by it. */
import { clone, isObject, list, object, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { ANY } from '../schema/schema.ts';
import type { Field, Schema, Struct } from '../schema/schema.ts';

const SCALARS = { string: 'string', integer: 'int64', number: 'number', boolean: 'boolean' } as const;

/** For apply: what is a map, a set, atomic. Top-level metadata is the same for every object. */
export function toSchema(source: JsonObject, name: string): Struct {
  const root = structOf(source, name);
  const string: Field = { schema: { kind: 'scalar', type: 'string' }, required: false };
  root.fields.set('apiVersion', string);
  root.fields.set('kind', string);
  root.fields.set('metadata', { schema: builtinSchema('V1ObjectMeta'), required: false });
  return { ...root, open: root.open || isOpen(source) };
}

const isOpen = (source: JsonObject): boolean => source['x-kubernetes-preserve-unknown-fields'] === true;

function structOf(source: JsonObject, name: string): Struct {
  const required = list(source['required']);
  const fields = new Map<string, Field>();
  for (const [key, value] of Object.entries(object(source['properties']))) {
    const field = { schema: nodeOf(object(value), key), required: required.includes(key) };
    fields.set(key, { ...field, ...described(object(value)) });
  }
  return {
    kind: 'struct',
    name,
    fields,
    atomic: source['x-kubernetes-map-type'] === 'atomic',
    open: isOpen(source),
    ...described(source),
  };
}

function described(source: JsonObject): { description?: string } {
  const description = text(source['description']);
  return description === '' ? {} : { description };
}

function nodeOf(source: JsonObject, name: string): Schema {
  if (source['type'] === 'array') return listOf(source, name);
  const scalar = SCALARS[text(source['type']) as keyof typeof SCALARS] as
    (typeof SCALARS)[keyof typeof SCALARS] | undefined;
  if (scalar !== undefined) return { kind: 'scalar', type: scalar };
  if (source['type'] !== 'object') return ANY;
  const values = source['additionalProperties'];
  if (isObject(values)) {
    return {
      kind: 'map',
      values: nodeOf(values, name),
      atomic: source['x-kubernetes-map-type'] === 'atomic',
    };
  }
  if (source['properties'] === undefined && isOpen(source)) return ANY;
  return structOf(source, name);
}

function listOf(source: JsonObject, name: string): Schema {
  const type = text(source['x-kubernetes-list-type']);
  return {
    kind: 'list',
    items: nodeOf(object(source['items']), name),
    type: type === 'map' || type === 'set' ? type : 'atomic',
    keys: list(source['x-kubernetes-list-map-keys']).map(String),
  };
}

/** A copy without the fields that the schema does not name; their paths are added to `dropped`. */
export function prune(source: JsonObject, value: Json, path: string, dropped: string[]): Json {
  if (Array.isArray(value)) {
    const items = source['items'];
    return isObject(items)
      ? value.map((item, i) => prune(items, item, `${path}[${i}]`, dropped))
      : clone(value);
  }
  if (!isObject(value)) return value;
  const properties = object(source['properties']);
  const values = source['additionalProperties'];
  const keepAll = isOpen(source) || values === true || isEmbedded(source);
  const out: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    if (entry === undefined) continue;
    const at = path === '' ? key : `${path}.${key}`;
    const inner = Object.hasOwn(properties, key) ? properties[key] : isObject(values) ? values : undefined;
    if (isObject(inner)) out[key] = prune(inner, entry, at, dropped);
    else if (keepAll) out[key] = clone(entry);
    else dropped.push(at);
  }
  return out;
}

/** An embedded object keeps its type and metadata, though its schema does not name them. */
const isEmbedded = (source: JsonObject): boolean => source['x-kubernetes-embedded-resource'] === true;

/** Fills defaults in place; a null counts as missing if null is not allowed. */
export function applyDefaults(source: JsonObject, value: Json | undefined): void {
  if (Array.isArray(value)) {
    const items = source['items'];
    if (isObject(items)) for (const item of value) applyDefaults(items, item);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, property] of Object.entries(object(source['properties']))) {
    if (!isObject(property)) continue;
    const fallback = property['default'];
    if (value[key] === null && property['nullable'] !== true && fallback !== undefined)
      Reflect.deleteProperty(value, key);
    if (value[key] === undefined && fallback !== undefined) value[key] = clone(fallback);
    applyDefaults(property, value[key]);
  }
  const values = source['additionalProperties'];
  if (isObject(values)) for (const entry of Object.values(value)) applyDefaults(values, entry);
}
