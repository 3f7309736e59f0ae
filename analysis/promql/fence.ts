import type { SyntaxNode } from '@lezer/common';
import { parseQuery, partsOf, placeOf, type Query } from './parse.ts';

/** A matcher that every selector of a query has to have. */
export interface Matcher {
  label: string;
  value: string;
}

export type Fenced = { ok: true; query: string } | { ok: false; sentence: string };

/** Functions that read series which no selector of the query names. */
const READ_MORE: ReadonlySet<string> = new Set(['info']);

/**
 * The query with `label="value"` added to each of its selectors. In Prometheus all matchers of a selector have to match,
 * so what the query itself says about this label can only make it narrower, never wider. Comments are removed, because
 * the grammar might take more text for a comment than Prometheus does.
 */
export function fenced(promql: string, matcher: Matcher): Fenced {
  const parsed = parseQuery(promql);
  if (!parsed.ok) {
    const { at, message } = parsed.problem;
    return { ok: false, sentence: `it is not PromQL: ${message} at ${placeOf(promql, at)}` };
  }
  const { query } = parsed;
  const wide = readsMore(query);
  if (wide !== undefined) return { ok: false, sentence: `${wide}() reads more than its selectors name` };
  return { ok: true, query: edited(query, selectorsAndCalls(query.root).selectors, matcher) };
}

/** The name of a function in the query that reads series which no selector names; undefined: there is no such function. */
export function readsMore(query: Query): string | undefined {
  return callsIn(query).find((name) => READ_MORE.has(name));
}

/** Names of the functions that the query calls. */
export function callsIn({ root, text }: Query): string[] {
  return selectorsAndCalls(root).calls.map(({ from, to }) => text.slice(from, to));
}

interface Found {
  selectors: SyntaxNode[];
  /** names of functions */
  calls: SyntaxNode[];
}

function selectorsAndCalls(root: SyntaxNode): Found {
  const found: Found = { selectors: [], calls: [] };
  root.cursor().iterate(({ node }) => {
    if (node.name === 'VectorSelector') found.selectors.push(node);
    else if (node.name === 'FunctionIdentifier') found.calls.push(node);
  });
  return found;
}

interface Edit {
  from: number;
  to: number;
  text: string;
}

function edited({ text, comments }: Query, selectors: readonly SyntaxNode[], matcher: Matcher): string {
  const edits = [
    ...comments.map(({ from, to }): Edit => ({ from, to, text: ' ' })),
    ...selectors.map((selector) => added(selector, matcher)),
  ].sort((a, b) => a.from - b.from || a.to - b.to);
  let query = '';
  let done = 0;
  for (const { from, to, text: by } of edits) {
    query += text.slice(done, from) + by;
    done = to;
  }
  return query + text.slice(done);
}

function added(selector: SyntaxNode, { label, value }: Matcher): Edit {
  const matcher = `${label}=${JSON.stringify(value)}`;
  const braces = selector.getChild('LabelMatchers');
  if (braces === null) return { from: selector.to, to: selector.to, text: `{${matcher}}` };
  // first in the list, so that a comma at its end stays valid
  const first = braces.from + 1;
  return { from: first, to: first, text: partsOf(braces).length === 0 ? matcher : `${matcher},` };
}
