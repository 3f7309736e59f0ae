import { isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { EMPTY_IS_KEPT, ZERO_IS_ABSENT } from './lists.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Field, ListOf, MapOf, ScalarType, Schema, Struct } from './schema.ts';

/** A value of the wrong JSON type; `path` is dotted, e.g. "spec.replicas". */
export class DecodeError extends Error {}

export interface Decoded {
  value: JsonObject;
  /** paths of fields that the schema does not know; they are not in `value` */
  unknown: string[];
}

/**
 * Reads JSON as the typed server does: checks types, drops unknown fields and nulls, writes times and
 * quantities in their canonical form, and leaves out what Go would not write. Throws DecodeError.
 */
export function decode(schema: Struct, source: JsonObject): Decoded {
  const unknown: string[] = [];
  return { value: struct(schema, source, '', unknown), unknown };
}

function fail(value: Json, path: string, type: string): never {
  const found = Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
  throw new DecodeError(`json: cannot unmarshal ${found} into Go struct field ${path} of type ${type}`);
}

function any(schema: Schema, value: Json, path: string, unknown: string[]): Json | undefined {
  switch (schema.kind) {
    case 'scalar':
      return READERS[schema.type](value, path);
    case 'struct':
      return isObject(value) ? struct(schema, value, path, unknown) : fail(value, path, schema.name);
    case 'map':
      return isObject(value) ? map(schema, value, path, unknown) : fail(value, path, 'map');
    case 'list':
      return Array.isArray(value) ? items(schema, value, path, unknown) : fail(value, path, 'slice');
  }
}

function struct(schema: Struct, source: JsonObject, path: string, unknown: string[]): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(source)) {
    if (value === undefined) continue;
    const at = path === '' ? key : `${path}.${key}`;
    const field = schema.fields.get(key);
    if (!field) {
      if (schema.open) out[key] = value;
      else unknown.push(at);
      continue;
    }
    if (value === null) continue;
    const read = any(field.schema, value, at, unknown);
    if (read !== undefined && !absent(field, read, `${schema.name}.${key}`)) out[key] = read;
  }
  return out;
}

/** Would Go's omitempty leave out this optional value? */
function absent(field: Field, value: Json, name: string): boolean {
  if (field.required) return false;
  if (value === '') return !EMPTY_IS_KEPT.has(name);
  if (value === 0 || value === false) return ZERO_IS_ABSENT.has(name);
  if (field.schema.kind === 'list') return Array.isArray(value) && value.length === 0;
  return field.schema.kind === 'map' && isObject(value) && Object.keys(value).length === 0;
}

function map(schema: MapOf, source: JsonObject, path: string, unknown: string[]): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(source)) {
    if (value === undefined) continue;
    const read = value === null ? empty(schema.values) : any(schema.values, value, `${path}.${key}`, unknown);
    if (read !== undefined) out[key] = read;
  }
  return out;
}

function empty(schema: Schema): Json {
  return schema.kind === 'scalar' && schema.type === 'string' ? '' : null;
}

function items(schema: ListOf, source: Json[], path: string, unknown: string[]): Json[] {
  return source
    .map((value, index) =>
      value === null && schema.items.kind === 'struct'
        ? {}
        : any(schema.items, value, `${path}[${index}]`, unknown),
    )
    .filter((value) => value !== undefined);
}

type Reader = (value: Json, path: string) => Json;

const typed =
  (type: 'string' | 'boolean' | 'number', name: string): Reader =>
  (value, path) =>
    typeof value === type ? value : fail(value, path, name);

const READERS: Record<ScalarType, Reader> = {
  any: (value) => value,
  string: typed('string', 'string'),
  boolean: typed('boolean', 'bool'),
  number: typed('number', 'float64'),
  double: typed('number', 'float64'),
  int32: (value, path) => integer('int32', value, path),
  int64: (value, path) => integer('int64', value, path),
  intOrString: (value, path) => (typeof value === 'string' ? value : integer('int32', value, path)),
  bytes,
  quantity,
  time: (value, path) => time('time', value, path),
  microTime: (value, path) => time('microTime', value, path),
};

function integer(type: 'int32' | 'int64', value: Json, path: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) return fail(value, path, type);
  if (type === 'int32' && Math.abs(value) > 2 ** 31) return fail(value, path, type);
  return value;
}

function bytes(value: Json, path: string): string {
  if (typeof value !== 'string') return fail(value, path, '[]uint8');
  if (!/^[A-Za-z0-9+/\r\n]*={0,2}$/.test(value)) throw new DecodeError(`illegal base64 data at ${path}`);
  return value;
}

function quantity(value: Json, path: string): string {
  const read = typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(value) : undefined;
  if (read !== undefined) return read;
  throw new DecodeError(
    `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' (${path})`,
  );
}

const TIMES = {
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  microTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/,
};

function time(type: 'time' | 'microTime', value: Json, path: string): string {
  if (typeof value !== 'string') return fail(value, path, 'Time');
  const millis = TIMES[type].test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(millis))
    throw new DecodeError(`parsing time ${JSON.stringify(value)} as RFC 3339 (${path})`);
  const seconds = new Date(millis).toISOString().slice(0, 19);
  return type === 'time' ? `${seconds}Z` : `${seconds}${/\.\d{6}/.exec(value)?.[0] ?? ''}Z`;
}
