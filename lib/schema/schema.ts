import type { Json, JsonObject } from '../json.ts';
import { parseWith, type Place, type Read } from './fields.ts';

/**
 * One description of a value, from which come its type (`Infer`), its parser (`read`), its wire form (`write`), its structural
 * OpenAPI schema (`shape`) and its rows in a table of reference (`reference.ts`).
 */
export interface Schema<T> {
  read: Read<T>;
  write(value: T): Json;
  shape: JsonObject;
  /** what a table of fields calls it */
  type: string;
  /** fields below it, and how a path continues to them */
  below?: { path: string; members: readonly Member[] };
}

/** A field as the reference documents it. */
export interface Member {
  name: string;
  schema: Schema<unknown>;
  doc: string;
  /** its default as text; absent: it has no default */
  fallback?: string;
  required: boolean;
}

export type Infer<S> = S extends { read: Read<infer T> } ? T : never;

/** A CEL rule that the API server checks; `self` is the object that the rule belongs to. */
export interface Rule {
  rule: string;
  message: string;
  fieldPath?: string;
}

export const RULES = 'x-kubernetes-validations';

/** The same schema with a further check of the value after it was read; issues are recorded at its place. */
export function checked<T, S extends Schema<T>>(
  schema: S & Schema<T>,
  check: (value: T, place: Place, raw: unknown) => void,
): S {
  const read: Read<T> = (raw, place) => {
    const value = schema.read(raw, place);
    if (value !== undefined) check(value, place, raw);
    return value;
  };
  return { ...schema, read };
}

/** The same schema on the wire, but another form after it was read. `read` may record issues. */
export function converted<A, B>(
  schema: Schema<A>,
  { read, write }: { read: (value: A, place: Place) => B | undefined; write: (value: B) => A },
): Schema<B> {
  return {
    ...schema,
    write: (value) => schema.write(write(value)),
    read: (value, place) => {
      const plain = schema.read(value, place);
      return plain === undefined ? undefined : read(plain, place);
    },
  };
}

/** The value of an empty input. A schema that lacks a default for a field it needs is a bug. */
export function defaultsOf<T>(schema: Schema<T>): T {
  const parsed = parseWith({}, '', schema.read);
  if (parsed.ok) return parsed.value;
  throw new Error(`no defaults for ${parsed.issues.map(({ path }) => path).join(', ')}`);
}
