export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };
export type JsonObject = { [key: string]: Json | undefined };

/**
 * Small readers for raw JSON of unknown shape. None throws: what is missing or of another type is `undefined` (or the
 * empty list or object where the name says `OrEmpty`).
 */
type PathPart = string | number;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

function asArray(value: unknown): Json[] | undefined {
  return Array.isArray(value) ? (value as Json[]) : undefined;
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** NaN and infinities count as missing: JSON has none. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function asInteger(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

/** Own properties only, so a path cannot reach into a prototype. */
export function get(value: unknown, ...path: PathPart[]): Json | undefined {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<PathPart, unknown>)[part];
  }
  return current as Json | undefined;
}

export const getObject = (value: unknown, ...path: PathPart[]) => asObject(get(value, ...path));
export const getArray = (value: unknown, ...path: PathPart[]) => asArray(get(value, ...path));
export const getString = (value: unknown, ...path: PathPart[]) => asString(get(value, ...path));
export const getNumber = (value: unknown, ...path: PathPart[]) => asNumber(get(value, ...path));
export const getInteger = (value: unknown, ...path: PathPart[]) => asInteger(get(value, ...path));

export const arrayOrEmpty = (value: unknown, ...path: PathPart[]): Json[] => getArray(value, ...path) ?? [];
const objectOrEmpty = (value: unknown, ...path: PathPart[]): JsonObject => getObject(value, ...path) ?? {};

/** The items of a list that are objects; anything else in it is left out. */
export function getObjects(value: unknown, ...path: PathPart[]): JsonObject[] {
  return arrayOrEmpty(value, ...path).filter(isObject);
}

/** The entries of a map that are strings (labels, annotations, selectors); `{}` if there is no map. */
export function getStringMap(value: unknown, ...path: PathPart[]): Record<string, string> {
  const entries = Object.entries(objectOrEmpty(value, ...path));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/**
 * Are two JSON values the same, whatever the order of keys? A key that holds `undefined` counts as absent, as it does
 * on the wire.
 */
export function equalJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return equalArrays(a, b);
  return equalObjects(a as JsonObject, b as JsonObject);
}

function equalArrays(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((item, index) => equalJson(item, b[index]));
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  const present = (value: JsonObject) => Object.keys(value).filter((key) => value[key] !== undefined);
  const keys = present(a);
  return (
    keys.length === present(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
  );
}

/** A deep copy that shares nothing with the original. */
export function cloneJson<T>(value: T): T {
  return structuredClone(value);
}

/** Keys sorted at every level: one text for equal values, for names and comparisons in logs. */
export function stableStringify(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (isObject(item) ? sortKeys(item) : item));
}

function sortKeys(value: JsonObject): JsonObject {
  const sorted: JsonObject = Object.create(null) as JsonObject;
  for (const key of Object.keys(value).sort()) sorted[key] = value[key];
  return sorted;
}
