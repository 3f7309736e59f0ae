import type { SyntaxNode } from '@lezer/common';
import { partsOf } from './parse.ts';

/** One condition that a selector sets: `code=~"5.."`. The metric's name is the label `__name__`. */
export interface LabelTest {
  label: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

/**
 * What a `VectorSelector` of the query asks of a series, all of it at once; undefined if it is written in a way whose
 * meaning is not certain here (for example, bytes as escapes).
 */
export function testsOf(selector: SyntaxNode, query: string): LabelTest[] | undefined {
  const name = selector.getChild('Identifier');
  const braces = selector.getChild('LabelMatchers');
  const tests = [
    ...(name === null ? [] : [named(query.slice(name.from, name.to))]),
    ...(braces === null ? [] : partsOf(braces).map((part) => testIn(part, query))),
  ];
  return tests.every((test) => test !== undefined) ? tests : undefined;
}

const named = (name: string): LabelTest => ({ label: '__name__', op: '=', value: name });

function testIn(part: SyntaxNode, query: string): LabelTest | undefined {
  const textOf = ({ from, to }: SyntaxNode): string => query.slice(from, to);
  const [label, op, value] = partsOf(part);
  if (part.name === 'QuotedLabelName') {
    const name = unquoted(textOf(part));
    return name === undefined ? undefined : named(name);
  }
  if (label === undefined || op === undefined || value === undefined) return undefined;
  const [name, text] = [
    label.name === 'LabelName' ? textOf(label) : unquoted(textOf(label)),
    unquoted(textOf(value)),
  ];
  return name === undefined || text === undefined
    ? undefined
    : { label: name, op: textOf(op) as LabelTest['op'], value: text };
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** The text between the quotes; undefined if it has escapes other than the usual ones. */
function unquoted(literal: string): string | undefined {
  const text = literal.slice(1, -1);
  if (literal.startsWith('`')) return text;
  if (/\\[^\\"'nrt]/.test(text.replaceAll('\\\\', ''))) return undefined;
  return text.replace(/\\(.)/g, (_, char: string) => ESCAPED[char] ?? char);
}

const PLAIN = /^[A-Za-z_]\w*$/;

/** As in PromQL, between the braces. */
export function written({ label, op, value }: LabelTest): string {
  return `${PLAIN.test(label) ? label : JSON.stringify(label)}${op}${JSON.stringify(value)}`;
}
