import type { Environment } from '@marcbachmann/cel-js';
import { wrongPattern } from './patterns.ts';
import { HAS } from './library.ts';
import { readable, type Construction } from './read.ts';

type Made = Omit<Construction, 'has'>;

/** For expressions that may construct nothing. */
const NOTHING: Made = {
  around: (type) => {
    throw new Error(`undeclared reference to '${type}'`);
  },
  field: () => ['', ''],
};

/**
 * The type that an expression gives, in the library's words; throws an Error that says what is wrong with the
 * expression.
 */
export function typeOf(environment: Environment, source: string, as: Made = NOTHING): string {
  const text = readable(source, { ...as, has: (of, field) => `${HAS}(${of}.${field})` });
  const checked = environment.check(text);
  if (!checked.valid) throw new Error(checked.error?.message ?? 'it does not type-check');
  const pattern = wrongPattern(environment.parse(text).ast);
  if (pattern !== undefined) throw new Error(`invalid matches argument: ${pattern}`);
  return String(checked.type);
}

/**
 * What is wrong with an expression that has to give one of these types (none: any), in the words of an API
 * server; or undefined.
 */
export function wrongType(find: () => string, wanted: readonly string[]): string | undefined {
  try {
    const type = inGo(find());
    if (wanted.length === 0 || wanted.includes(type)) return undefined;
    const what = wanted.length === 1 ? wanted.join('') : `one of [${wanted.join(' ')}]`;
    return `must evaluate to ${what} but got ${type}`;
  } catch (error) {
    return `compilation failed: ${reasonOf(error)}`;
  }
}

/** The name of a type as Go's CEL writes it. */
function inGo(type: string): string {
  return type
    .replace(/\blist\b(?!<)/g, 'list<dyn>')
    .replace(/\bmap\b(?!<)/g, 'map<dyn, dyn>')
    .replace(/<T>/g, '<dyn>')
    .replace(/\boptional\b/g, 'optional_type')
    .replace(/\bnull\b/g, 'null_type')
    .replaceAll('<', '(')
    .replaceAll('>', ')');
}

/** The first line of the error; the library adds a drawing of the place. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
