import { isObject } from '../json.ts';
import { PATTERNS } from './library.ts';
import { re2 } from './re2.ts';

/** What is wrong with a regular expression that is a literal in the source; undefined: nothing. */
export function wrongPattern(node: unknown): string | undefined {
  if (Array.isArray(node)) {
    for (const each of node) {
      const wrong = wrongPattern(each);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }
  if (typeof node !== 'object' || node === null || !('op' in node && 'args' in node)) return undefined;
  const { op, args } = node;
  const pattern = op === 'rcall' && Array.isArray(args) ? literal(args) : undefined;
  if (pattern !== undefined) {
    try {
      re2(pattern);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return wrongPattern(args);
}

/** The first argument of a method that takes a regular expression, if it is a string literal. */
function literal([name, , given]: unknown[]): string | undefined {
  if (!PATTERNS.includes(String(name)) || !Array.isArray(given)) return undefined;
  const [first] = given as unknown[];
  const value = isObject(first) && first['op'] === 'value' ? first['args'] : undefined;
  return typeof value === 'string' ? value : undefined;
}
