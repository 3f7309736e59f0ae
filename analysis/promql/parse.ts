import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** What is wrong with a query, and where: the offset of the first character that does not fit. */
export interface Problem {
  at: number;
  /** without a full stop */
  message: string;
}

export type ParsedQuery = { ok: true; query: Query } | { ok: false; problem: Problem };

/** A query that follows the grammar of PromQL. */
export interface Query {
  text: string;
  /** the outermost expression */
  root: SyntaxNode;
  /** where the comments are; in the grammar only a line feed ends a comment, in Prometheus also a carriage return */
  comments: readonly { from: number; to: number }[];
}

/** Parses by the grammar that Prometheus' own editor uses. types.ts checks what the words mean. */
export function parseQuery(text: string): ParsedQuery {
  const tree = parser.parse(text);
  const comments: { from: number; to: number }[] = [];
  let problem: Problem | undefined;
  tree.iterate({
    enter(node) {
      if (node.name === 'LineComment') comments.push({ from: node.from, to: node.to });
      else if (node.type.isError) problem ??= unexpected(text, node.from);
      else if (node.name === 'StringLiteral') problem ??= badString(text, node.from, node.to);
    },
  });
  const root = expressionIn(tree.topNode);
  if (problem !== undefined) return { ok: false, problem };
  return root === undefined
    ? { ok: false, problem: unexpected(text, text.length) }
    : { ok: true, query: { text, root, comments } };
}

/** The first part of a node that is an expression, and not a comment. */
export function expressionIn(node: SyntaxNode): SyntaxNode | undefined {
  return partsOf(node)[0];
}

/** The parts of a node without comments. */
export function partsOf(node: SyntaxNode): SyntaxNode[] {
  const parts: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') parts.push(child);
  }
  return parts;
}

/** "character 7", or "line 2, character 7" where the text has several lines; counted from 1. */
export function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  const character = `character ${(before.at(-1) ?? '').length + 1}`;
  return text.includes('\n') ? `line ${before.length}, ${character}` : character;
}

const TOKEN = /^(?:[A-Za-z_:][\w:]*|"[^"\n]*"?|'[^'\n]*'?|[=!]~|[=!<>]=|\S)/u;

function unexpected(text: string, at: number): Problem {
  const rest = text.slice(at).trimStart();
  const from = text.length - rest.length;
  const token = TOKEN.exec(rest)?.[0];
  if (token === undefined) return { at: text.trimEnd().length, message: 'ends too early' };
  const name = /([A-Za-z_:][\w:]*)\s*$/.exec(text.slice(0, from))?.[1];
  if (token === '(' && name !== undefined) {
    return { at: text.lastIndexOf(name, from), message: `"${name}" is not a function` };
  }
  return { at: from, message: `"${shortened(token)}" is unexpected` };
}

const shortened = (token: string): string => (token.length > 30 ? `${token.slice(0, 29)}…` : token);

/** Escapes that Prometheus knows; the quote of the string may be escaped as well. */
const ESCAPE =
  /^\\(?:[abfnrtv\\]|[0-3][0-7]{2}|x[\dA-Fa-f]{2}|u(?![Dd][89A-Fa-f])[\dA-Fa-f]{4}|U000[\dA-Fa-f]{5}|U0010[\dA-Fa-f]{4})/;

function badString(text: string, from: number, to: number): Problem | undefined {
  const quote = text.charAt(from);
  if (to - from < 2 || !endsWith(text.slice(from, to), quote))
    return { at: from, message: 'a string begins here that is not closed' };
  if (quote === '`') return undefined;
  for (let i = from + 1; i < to - 1; i++) {
    if (text[i] !== '\\') continue;
    const escape = text[i + 1] === quote ? `\\${quote}` : ESCAPE.exec(text.slice(i, i + 10))?.[0];
    if (escape === undefined)
      return { at: i, message: `"${text.slice(i, i + 2)}" is not an escape of PromQL` };
    i += escape.length - 1;
  }
  return undefined;
}

/** Is the last character the closing quote, and not an escaped one? */
function endsWith(literal: string, quote: string): boolean {
  if (quote === '`') return literal.endsWith('`');
  const backslashes = /\\*$/.exec(literal.slice(1, -1))?.[0].length ?? 0;
  return literal.endsWith(quote) && backslashes % 2 === 0;
}
