import type { JsonObject } from '../json.ts';
import { Fields, type Read } from './fields.ts';
import { shown } from './scalars.ts';
import { RULES, type Infer, type Member, type Rule, type Schema } from './schema.ts';

/** Why a field is not allowed here, and what to do about it. */
export interface Refusal {
  message: string;
  remedy: string;
}

/** Facts about a field beside its schema. */
export interface About {
  /** names by which other tools know it */
  aliases?: readonly string[];
  /** its default as people read it, where that depends on other fields; empty: its own fields say it */
  shown?: string;
  /** rules about this field, of the object that contains it */
  rules?: readonly Rule[];
  /** why the fields read before it exclude it: it is then neither read nor written */
  refused?: Refusal | undefined;
}

type Presence = 'required' | 'default' | 'optional';

export interface Field<S extends Schema<unknown>, P extends Presence> extends About {
  schema: S;
  presence: P;
  doc: string;
  remedy?: string;
  fallback?: () => Infer<S>;
}

export type AnyFields = Readonly<Record<string, Field<Schema<unknown>, Presence>>>;

export const required = <S extends Schema<unknown>>(
  schema: S,
  { doc, remedy, ...about }: About & { doc: string; remedy: string },
): Field<S, 'required'> => ({ schema, presence: 'required', doc, remedy, ...about });

export const optional = <S extends Schema<unknown>>(
  schema: S,
  doc: string,
  about: About = {},
): Field<S, 'optional'> => ({ schema, presence: 'optional', doc, ...about });

/** A field that has the value `value` where it is absent. */
export const fallback = <S extends Schema<unknown>>(
  schema: S,
  value: Infer<S>,
  doc: string,
  about: About = {},
): Field<S, 'default'> => ({ schema, presence: 'default', doc, fallback: () => value, ...about });

type Key<K, F> = K extends string
  ? F extends { schema: { suffix: infer X extends string } }
    ? `${K}${X}`
    : K
  : never;

type Plain<T> = { [K in keyof T]: T[K] };

/** The type of an object with these fields. */
export type Shaped<F> = Plain<
  {
    [K in keyof F as F[K] extends { presence: 'optional' } ? never : Key<K, F[K]>]: F[K] extends {
      schema: infer S;
    }
      ? Infer<S>
      : never;
  } & {
    [K in keyof F as F[K] extends { presence: 'optional' } ? Key<K, F[K]> : never]?: F[K] extends {
      schema: infer S;
    }
      ? Infer<S>
      : never;
  }
>;

export interface ObjectSettings<T> {
  /** rules about several fields */
  rules?: readonly Rule[];
  /** records issues that concern several fields */
  check?: (value: T, fields: Fields) => void;
  /** fields that this version refuses by name */
  notYet?: readonly string[];
}

export interface ObjectSchema<T> extends Schema<T> {
  write(value: T): JsonObject;
}

/** An object of these fields and no others. */
export function object<F extends AnyFields>(
  fields: F,
  settings: ObjectSettings<Shaped<F>> = {},
): ObjectSchema<Shaped<F>> {
  return made(fields, () => ({}), settings);
}

/**
 * An object whose further fields depend on the first ones: on their values as far as these could be read. Its structural
 * schema has the further fields as they are when the first ones are not known.
 */
export function dependent<F extends AnyFields, G extends AnyFields>(
  first: F,
  more: (read: Partial<Shaped<F>>) => G,
  settings: ObjectSettings<Shaped<F> & Shaped<G>> = {},
): ObjectSchema<Shaped<F> & Shaped<G>> {
  return made(first, (read) => more(read as Partial<Shaped<F>>), settings);
}

function made<T extends object>(
  first: AnyFields,
  more: (read: Values) => AnyFields,
  { rules = [], check, notYet = [] }: ObjectSettings<T>,
): ObjectSchema<T> {
  const all: AnyFields = { ...first, ...more({}) };
  const aliases = aliasesOf(all);
  const members = membersOf(all);
  const read: Read<T> = (raw, place) => {
    const fields = Fields.open(raw, place);
    if (fields === undefined) return undefined;
    const known = readAll(fields, first);
    const rest = readAll(fields, more(known.given));
    fields.notYet(...notYet);
    fields.end(aliases);
    if (known.missing || rest.missing) return undefined;
    const value = { ...known.value, ...rest.value } as T;
    check?.(value, fields);
    return value;
  };
  return {
    read,
    write: (value) => {
      const values: Values = Object.fromEntries(Object.entries(value));
      return { ...writeAll(values, first), ...writeAll(values, more(values)) };
    },
    shape: shapeOf(members, [...rules, ...rulesOf(all)]),
    type: 'object',
    below: { path: '.', members },
  };
}

type Values = Record<string, unknown>;

/** `given` holds the usable values that were given, `value` also the defaults. */
function readAll(fields: Fields, all: AnyFields): { given: Values; value: Values; missing: boolean } {
  const given: Values = {};
  const value: Values = {};
  let missing = false;
  for (const [name, field] of Object.entries(all)) {
    const key = keyOf(name, field);
    const found = readField(fields, name, field);
    const reads = found ?? field.fallback?.();
    if (found !== undefined || !fields.has(name)) given[key] = reads;
    if (reads !== undefined) value[key] = reads;
    else if (field.presence === 'required') missing = true;
  }
  return { given, value, missing };
}

function readField(fields: Fields, name: string, field: AnyFields[string]): unknown {
  const { schema, presence, remedy = '', refused } = field;
  if (refused !== undefined) {
    fields.refuse([name], refused.message, refused.remedy);
    return undefined;
  }
  return presence === 'required'
    ? fields.required(name, schema.read, remedy)
    : fields.optional(name, schema.read);
}

function writeAll(values: Values, all: AnyFields): JsonObject {
  const wire: JsonObject = {};
  for (const [name, field] of Object.entries(all)) {
    const own = values[keyOf(name, field)];
    if (own !== undefined && field.refused === undefined) wire[name] = field.schema.write(own);
  }
  return wire;
}

const keyOf = (name: string, { schema }: AnyFields[string]): string =>
  'suffix' in schema ? `${name}${String(schema.suffix)}` : name;

function aliasesOf(all: AnyFields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, { aliases = [] }]) => aliases.map((alias) => [alias, name])),
  );
}

/** Fields as the reference documents them. */
export function membersOf(all: AnyFields): Member[] {
  return Object.entries(all).map(([name, field]) => memberOf(name, field));
}

function memberOf(name: string, field: AnyFields[string]): Member {
  const { schema, doc, presence, fallback: value } = field;
  const text = field.shown ?? (value === undefined ? undefined : shown(schema.write(value())));
  return {
    name,
    schema,
    doc,
    required: presence === 'required',
    ...(text === undefined || text === '' ? {} : { fallback: text }),
  };
}

/** The rules that were given with fields. */
export function rulesOf(all: AnyFields): Rule[] {
  return Object.entries(all).flatMap(([name, { rules = [] }]) =>
    rules.map((rule) => ({ ...rule, fieldPath: `.${name}` })),
  );
}

/** Structural OpenAPI of an object; nothing in it is empty, so that an API server keeps it as it is. */
export function shapeOf(members: readonly Member[], rules: readonly Rule[] = []): JsonObject {
  const wanted = members.filter((each) => each.required).map(({ name }) => name);
  return {
    type: 'object',
    ...(wanted.length === 0 ? {} : { required: wanted }),
    ...(rules.length === 0 ? {} : { [RULES]: rules.map((rule) => ({ ...rule })) }),
    properties: Object.fromEntries(members.map((member) => [member.name, described(member)])),
  };
}

function described({ schema, doc, fallback: value }: Member): JsonObject {
  const { type, ...rest } = schema.shape;
  const text = value === undefined ? doc : `${doc} Default ${value}.`;
  return {
    ...(type === undefined ? {} : { type }),
    ...(text === '' ? {} : { description: text }),
    ...rest,
  };
}
