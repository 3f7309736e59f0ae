import { RE2JS } from 're2js';
import type { LabelTest } from './matchers.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Does a series have what a selector asks? Decided as Prometheus does: a regular expression of RE2 has to match the whole
 * value, and a label that is missing is empty. undefined: a regular expression is not one of RE2.
 */
export function matching(tests: readonly LabelTest[]): ((labels: Labels) => boolean) | undefined {
  const all = tests.map(testFor);
  if (!all.every((test) => test !== undefined)) return undefined;
  return (labels) => all.every((test) => test(labels));
}

function testFor({ label, op, value }: LabelTest): ((labels: Labels) => boolean) | undefined {
  const matches = op === '=' || op === '!=' ? (text: string) => text === value : regexp(value);
  const wanted = op === '=' || op === '=~';
  return matches && ((labels) => matches(labels[label] ?? '') === wanted);
}

/** Many series have the same few values. */
function regexp(pattern: string): ((text: string) => boolean) | undefined {
  const compiled = compile(pattern);
  if (compiled === undefined) return undefined;
  const known = new Map<string, boolean>();
  return (text) => {
    const matches = known.get(text) ?? compiled.testExact(text);
    known.set(text, matches);
    return matches;
  };
}

function compile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch {
    return undefined;
  }
}
