/** The types of the values that a structural schema's rules see. */
import type { Environment } from '@marcbachmann/cel-js';
import { isObject, object, text } from '../json.ts';
import type { JsonObject } from '../json.ts';

const SCALARS: Record<string, string> = {
  string: 'string',
  integer: 'int',
  number: 'double',
  boolean: 'bool',
};
const FORMATS: Record<string, string> = {
  byte: 'bytes',
  duration: 'google.protobuf.Duration',
  date: 'google.protobuf.Timestamp',
  'date-time': 'google.protobuf.Timestamp',
};

/**
 * Adds the types to the environment and returns the name of the outermost; undefined: expressions cannot name
 * its values.
 */
export function typeOfSchema(
  schema: JsonObject,
  environment: Environment,
  isRoot: boolean,
): string | undefined {
  let made = 0;
  const typeOf = (node: JsonObject, whole: boolean): string | undefined => {
    if (node['x-kubernetes-int-or-string'] === true) return 'dyn';
    const type = text(node['type']);
    if (type === 'array') return ofItems(node['items'], (items) => `list<${items}>`);
    if (type !== 'object')
      return type === 'string' ? (FORMATS[text(node['format'])] ?? 'string') : SCALARS[type];
    const values = node['additionalProperties'];
    return isObject(values) ? ofItems(values, (value) => `map<string, ${value}>`) : structOf(node, whole);
  };
  const ofItems = (node: JsonObject[string], around: (type: string) => string): string | undefined => {
    const type = isObject(node) ? typeOf(node, false) : undefined;
    return type === undefined ? undefined : around(type);
  };
  const structOf = (node: JsonObject, whole: boolean): string => {
    const fields: Record<string, string> =
      whole || isEmbedded(node) ? { apiVersion: 'string', kind: 'string' } : {};
    for (const [name, property] of Object.entries(object(node['properties']))) {
      const type = isObject(property) ? typeOf(property, false) : undefined;
      if (type !== undefined) for (const written of namesOf(name)) fields[written] = type;
    }
    if (whole || isEmbedded(node)) fields['metadata'] = register({ name: 'string', generateName: 'string' });
    return register(fields);
  };
  const register = (fields: Record<string, string>): string => {
    const name = `object${(made += 1)}`;
    environment.registerType(name, { fields });
    environment.registerOperator(`${name} == ${name}`, () => false);
    environment.registerOperator(`${name} == null`, () => false);
    return name;
  };
  return typeOf(schema, isRoot);
}

const isEmbedded = (node: JsonObject): boolean => node['x-kubernetes-embedded-resource'] === true;

/** No field can have these names in an expression. */
const KEYWORDS = ['true', 'false', 'null', 'in'];
const RESERVED = new Set([
  ...KEYWORDS,
  ...'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
]);

/** A field's names in expressions. */
export function namesOf(name: string): string[] {
  if (KEYWORDS.includes(name)) return [`__${name}__`];
  if (RESERVED.has(name)) return [name, `__${name}__`];
  const escaped = name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
  return [escaped];
}
