import type { Environment } from '@marcbachmann/cel-js';
import { re2 } from './re2.ts';

/**
 * The internal name of a call of `matches`: the library's own uses JavaScript's expressions and cannot be
 * removed.
 */
export const MATCHES = 'matchesRe2';

/** Methods whose first argument is a regular expression. */
export const PATTERNS: readonly string[] = [MATCHES, 'find', 'findAll'];

/** To find types: has() as a function, so that the field is looked up in the type of its object. */
export const HAS = 'hasField';

/** Functions that an API server adds to CEL, as far as the playground supports them. */
export function withLibrary(environment: Environment): Environment {
  environment.registerFunction(`${HAS}(dyn): bool`, () => true);
  const upTo = (list: string[], most: bigint): string[] => (most < 0n ? list : list.slice(0, Number(most)));
  return environment
    .registerFunction(`string.${MATCHES}(string): bool`, (text: string, pattern: string) =>
      re2(pattern).test(text),
    )
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => re2(pattern).all(text)[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      re2(pattern).all(text),
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, pattern: string, most: bigint) => upTo(re2(pattern).all(text), most),
    )
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => charAt(text, at))
    .registerFunction('list<A>.sum(): A', (list: bigint[]) => list.reduce((sum, each) => sum + each, 0n))
    .registerFunction('list<A>.min(): A', (list: unknown[]) => extreme(list, isLess))
    .registerFunction('list<A>.max(): A', (list: unknown[]) => extreme(list, (a, b) => isLess(b, a)))
    .registerFunction('list.isSorted(): bool', (list: unknown[]) =>
      list.every((item, i) => i === 0 || !isLess(item, list[i - 1])),
    );
}

function charAt(text: string, at: bigint): string {
  const characters = Array.from(text);
  if (at < 0n || at > characters.length) throw new Error(`index out of range: ${at}`);
  return characters[Number(at)] ?? '';
}

function extreme(list: unknown[], isMore: (a: unknown, b: unknown) => boolean): unknown {
  if (list.length === 0) throw new Error('min or max of an empty list');
  return list.reduce((best, each) => (isMore(each, best) ? each : best));
}

const isLess = (a: unknown, b: unknown): boolean => (a as number) < (b as number);
