import { isObject, type Json } from './json.ts';

/** A JSON Pointer to that place (RFC 6901). */
export const pointer = (...path: readonly (string | number)[]): string =>
  path.map((part) => `/${escaped(String(part))}`).join('');

/** The parts of a JSON Pointer; [] for an empty one. */
export const partsOf = (text: string): string[] =>
  text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Empty, or each part after a "/", with "~" as ~0 and "/" as ~1. */
export const isPointer = (text: string): boolean => /^(\/([^~]|~[01])*)?$/s.test(text);

/** The value in a document at that place; undefined: there is no such place. */
export function valueAt(document: unknown, parts: readonly string[]): Json | undefined {
  let value = document;
  for (const part of parts) {
    if (Array.isArray(value))
      value = /^(0|[1-9]\d*)$/.test(part) ? (value as unknown[])[Number(part)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value as Json | undefined;
}

export const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');
