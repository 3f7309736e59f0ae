import fc from 'fast-check';
import {
  arrayOrEmpty,
  asString,
  getNumber,
  getObject,
  getObjects,
  getString,
  getStringMap,
} from '../../lib/json.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { faultsOf, foreignSchema, type ForeignKind } from './kinds/index.ts';

/**
 * Objects that a schema and its rules allow at one place of a kind (`path`, below its top), without the
 * members in `except`.
 */
export function fromCrd(
  { kind, version, path }: { kind: ForeignKind; version: string; path: readonly string[] },
  except: readonly string[],
): fc.Arbitrary<JsonObject> {
  const schema = getObject(foreignSchema(kind, version), ...path);
  if (schema === undefined) throw new Error(`${kind} has nothing at ${path.join('.')}`);
  const properties = Object.entries(getObject(schema, 'properties') ?? {});
  return lawful(
    { ...schema, properties: Object.fromEntries(properties.filter(([key]) => !except.includes(key))) },
    struct,
  );
}

/** The values from `make` that obey the schema's rules. */
function lawful<T extends Json>(
  schema: JsonObject,
  make: (schema: JsonObject) => fc.Arbitrary<T>,
): fc.Arbitrary<T> {
  if (getObjects(schema, 'x-kubernetes-validations').length === 0) return make(schema);
  const around = { type: 'object', properties: { value: schema } };
  return make(schema).filter((each) => faultsOf(around, { value: each }).length === 0);
}

/** Few members at a time: every field should occur now and then, not all fields at once. */
const MEMBERS = 3;

function struct(schema: JsonObject): fc.Arbitrary<JsonObject> {
  const properties = getObject(schema, 'properties') ?? {};
  const required = arrayOrEmpty(schema, 'required').map((key) => asString(key) ?? '');
  const choices = alternatives(schema);
  const optional = Object.keys(properties).filter((key) => !required.includes(key));
  const choicesByType = memberByType(properties);
  if (choicesByType.size > 0)
    return fc
      .constantFrom(...choicesByType)
      .chain(([type, key]) =>
        fc.record({ type: fc.constant(type), [key]: value(getObject(properties, key) ?? {}) }),
      );
  return fc.subarray(optional, { maxLength: Math.min(MEMBERS, optional.length) }).chain((some) => {
    // Of alternatives, only the first that was generated.
    const [one, ...others] = some.filter((key) => choices.includes(key));
    const keys = [...required, ...some].filter((key) => one === key || !others.includes(key));
    const members = keys.map((key) => [key, value(getObject(properties, key) ?? {})] as const);
    return fc.record(Object.fromEntries(members));
  });
}

/** If the type says which member is set: the member by type. They have the same name, except for its case. */
function memberByType(properties: JsonObject): Map<string, string> {
  const types = arrayOrEmpty(getObject(properties, 'type'), 'enum').map((each) => asString(each) ?? '');
  return new Map(
    types.flatMap((type) => {
      const key = Object.keys(properties).find((each) => each.toLowerCase() === type.toLowerCase());
      return key === undefined ? [] : [[type, key] as const];
    }),
  );
}

/** Members of which at most one may be present: `oneOf` with only `required`. */
function alternatives(schema: JsonObject): string[] {
  return getObjects(schema, 'oneOf').flatMap((each) =>
    arrayOrEmpty(each, 'required').map((key) => asString(key) ?? ''),
  );
}

/** Made once for each part of a schema: arbitraries of expressions are expensive. */
const made = new WeakMap<JsonObject, fc.Arbitrary<Json>>();

function value(schema: JsonObject): fc.Arbitrary<Json> {
  const arbitrary = made.get(schema) ?? lawful(schema, valueOf);
  made.set(schema, arbitrary);
  return arbitrary;
}

function valueOf(schema: JsonObject): fc.Arbitrary<Json> {
  const values = arrayOrEmpty(schema, 'enum');
  if (values.length > 0) return fc.constantFrom(...values);
  switch (getString(schema, 'type')) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer(range(schema));
    case 'number':
      return fc.integer(range(schema)).map((whole) => whole / 2);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return list(schema);
    default:
      return members(schema);
  }
}

const range = (schema: JsonObject) => ({
  min: Math.max(getNumber(schema, 'minimum') ?? 0, -1000),
  max: Math.min(getNumber(schema, 'maximum') ?? 1000, 65_535),
});

function text(schema: JsonObject): fc.Arbitrary<string> {
  const { pattern } = getStringMap({ pattern: schema['pattern'] ?? '' });
  const fits = (each: string) =>
    each.length >= (getNumber(schema, 'minLength') ?? 0) &&
    each.length <= (getNumber(schema, 'maxLength') ?? 99);
  if (pattern !== undefined && pattern !== '') return fc.stringMatching(new RegExp(pattern)).filter(fits);
  return fc.constantFrom('a', 'web', '/', '5s', 'x'.repeat(20)).filter(fits);
}

function list(schema: JsonObject): fc.Arbitrary<Json[]> {
  const minLength = getNumber(schema, 'minItems') ?? 0;
  const maxLength = Math.min(getNumber(schema, 'maxItems') ?? 2, Math.max(2, minLength));
  return fc.array(value(getObject(schema, 'items') ?? {}), { minLength, maxLength });
}

/** An object with named members, or with any members. */
function members(schema: JsonObject): fc.Arbitrary<JsonObject> {
  const any = getObject(schema, 'additionalProperties');
  if (any === undefined) return struct(schema);
  return fc.dictionary(fc.constantFrom('a', 'web', 'X-B'), value(any), { maxKeys: 2 });
}
