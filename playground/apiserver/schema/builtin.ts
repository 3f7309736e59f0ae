import builtin from './builtin.json' with { type: 'json' };
import { ATOMIC_MAPS, ATOMIC_STRUCTS, LIST_RULES } from './lists.ts';
import type { Field, ListOf, Scalar, ScalarType, Schema, Struct } from './schema.ts';

const TYPES = builtin as Record<string, Record<string, string>>;
const cache = new Map<string, Struct>();

const SCALARS: ReadonlySet<string> = new Set<ScalarType>([
  'string',
  'boolean',
  'int32',
  'int64',
  'number',
  'double',
  'time',
  'microTime',
  'bytes',
  'quantity',
  'intOrString',
  'any',
]);

/** Is the struct one of builtin.json, and not a custom one of the same name? */
export const isBuiltin = (struct: Struct): boolean => cache.get(struct.name) === struct;

function isScalar(type: string): type is ScalarType {
  return SCALARS.has(type);
}

/** Schema of a model of builtin.json, e.g. "V1Deployment"; throws for an unknown name. */
export function builtinSchema(name: string): Struct {
  const known = cache.get(name);
  if (known) return known;
  const source = TYPES[name];
  if (!source)
    throw new Error(`playground/apiserver/schema/builtin.json has no type ${name}: add it to generate.ts`);
  const fields = new Map<string, Field>();
  const struct: Struct = { kind: 'struct', name, fields, atomic: ATOMIC_STRUCTS.has(name), open: false };
  cache.set(name, struct); // before the fields: types may be recursive
  for (const [field, type] of Object.entries(source)) {
    const required = type.endsWith('!');
    fields.set(field, { schema: parse(required ? type.slice(0, -1) : type, `${name}.${field}`), required });
  }
  return struct;
}

function parse(type: string, path: string): Schema {
  if (type.startsWith('[]')) return listOf(parse(type.slice(2), ''), path);
  if (type.startsWith('{}'))
    return { kind: 'map', values: parse(type.slice(2), ''), atomic: ATOMIC_MAPS.has(path) };
  if (isScalar(type)) return { kind: 'scalar', type } satisfies Scalar;
  return builtinSchema(type);
}

function listOf(items: Schema, path: string): ListOf {
  const rule = LIST_RULES[path];
  const keys = rule?.keys ?? [];
  const type = keys.length === 0 ? 'atomic' : keys[0] === '=' ? 'set' : 'map';
  return {
    kind: 'list',
    items,
    type,
    keys: type === 'map' ? keys : [],
    ...(rule?.merge === undefined ? {} : { mergeKey: rule.merge }),
  };
}
