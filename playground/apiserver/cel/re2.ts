import { RE2JS } from 're2js';

/** Patterns are few, and most are used at every write. */
const MOST = 1_000;
const known = new Map<string, RE2JS>();

/**
 * A regular expression as Go reads it, with RE2 instead of JavaScript's; throws an Error that says what is
 * wrong with it.
 */
export function re2(pattern: string): { test(text: string): boolean; all(text: string): string[] } {
  const compiled = known.get(pattern) ?? RE2JS.compile(pattern);
  if (known.size >= MOST) known.clear();
  known.set(pattern, compiled);
  return {
    test: (text) => compiled.matcher(text).find(),
    all: (text) => {
      const matcher = compiled.matcher(text);
      const found: string[] = [];
      while (matcher.find()) found.push(matcher.group() ?? '');
      return found;
    },
  };
}
