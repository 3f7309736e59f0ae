import { Environment } from '@marcbachmann/cel-js';
import { isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { withLibrary } from '../cel/library.ts';
import { readable } from '../cel/read.ts';

/** What an expression may name. Values are CEL values (see `toCel`); null where the request has none. */
export interface Scope {
  object: unknown;
  oldObject: unknown;
  namespaceObject: unknown;
  request: unknown;
  params: unknown;
  variables: unknown;
}

/** Evaluates to a CEL value; throws if the evaluation fails. */
export type Expression = (scope: Scope) => unknown;

interface Optional {
  hasValue(): boolean;
  value(): unknown;
}

const isOptional = (value: unknown): value is Optional =>
  typeof value === 'object' && value !== null && 'hasValue' in value && typeof value.hasValue === 'function';

const equals = new Environment({ homogeneousAggregateLiterals: false })
  .registerVariable('a', 'dyn')
  .registerVariable('b', 'dyn')
  .parse('a == b');

/** The library cannot compare optionals; two are equal when both are empty or hold equal values. */
function sameOptional(a: Optional, b: Optional): boolean {
  if (!a.hasValue() || !b.hasValue()) return a.hasValue() === b.hasValue();
  return equals({ a: a.value(), b: b.value() }) === true;
}

const NAMES = ['object', 'oldObject', 'namespaceObject', 'request', 'params', 'variables'] as const;

const environment = NAMES.reduce(
  (env, name) => env.registerVariable(name, 'dyn'),
  withLibrary(
    new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false }),
  ).registerOperator('optional == optional', sameOptional),
);

/**
 * Compiles an expression of an admission policy; throws an Error with the compiler's message. Here every
 * value has any type: a wrong type is refused when the policy is written (`typing.ts`).
 */
export function compile(source: string): Expression {
  const text = readable(source);
  const checked = environment.check(text);
  if (!checked.valid) throw new Error(checked.error?.message ?? 'it does not type-check');
  const run = environment.parse(text);
  return (scope) => run({ ...scope }) as unknown;
}

/** JSON as CEL sees it: whole numbers are ints. Undefined becomes null. */
export function toCel(value: Json | undefined): unknown {
  if (value === undefined) return null;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) if (entry !== undefined) out[key] = toCel(entry);
  return out;
}

/** A CEL value as JSON; undefined for an empty optional. Throws for a value that JSON cannot hold. */
export function fromCel(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return Number(value);
  if (isOptional(value)) return value.hasValue() ? fromCel(value.value()) : undefined;
  if (Array.isArray(value)) return value.map((item) => fromCel(item) ?? null);
  if (value instanceof Map) return fromEntries([...value] as [unknown, unknown][]);
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return fromEntries(Object.entries(value));
  throw new Error(`a value of type ${typeof value} cannot be part of an object`);
}

function fromEntries(entries: [unknown, unknown][]): JsonObject {
  const out: JsonObject = {};
  for (const [key, entry] of entries) {
    const json = fromCel(entry);
    if (json !== undefined) out[String(key)] = json;
  }
  return out;
}
