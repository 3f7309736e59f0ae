/**
 * One form of schema for built-in and custom kinds. Decoding, strategic merge, server-side apply and the
 * OpenAPI documents all use it.
 */
export type ScalarType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'number'
  | 'double'
  | 'time'
  | 'microTime'
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  | 'any';

export interface Scalar {
  kind: 'scalar';
  type: ScalarType;
}

export interface Field {
  schema: Schema;
  required: boolean;
  /** as `kubectl explain` shows it */
  description?: string;
}

export interface Struct {
  kind: 'struct';
  name: string;
  fields: Map<string, Field>;
  /** one manager owns it as a whole */
  atomic: boolean;
  /** keeps fields that the schema does not know */
  open: boolean;
  description?: string;
}

export interface MapOf {
  kind: 'map';
  values: Schema;
  atomic: boolean;
}

export interface ListOf {
  kind: 'list';
  items: Schema;
  /** how apply merges it */
  type: 'atomic' | 'set' | 'map';
  keys: string[];
  /** how strategic merge merges it: by this key, or '' for a list of scalars; absent = replaced as a whole */
  mergeKey?: string;
}

export type Schema = Scalar | Struct | MapOf | ListOf;

export const ANY: Scalar = { kind: 'scalar', type: 'any' };

export function fieldOf(schema: Schema, name: string): Schema | undefined {
  if (schema.kind === 'struct') return schema.fields.get(name)?.schema;
  return schema.kind === 'map' ? schema.values : undefined;
}

/** Default values for keys of a list map that an item may leave out. */
export const KEY_DEFAULTS: Record<string, string> = { protocol: 'TCP' };
