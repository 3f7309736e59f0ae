import type { SyntaxNode } from '@lezer/common';
import { partsOf, parseQuery } from './parse.ts';

/**
 * Selectors (a metric name, a `{…}` matcher list, or both), several of them joined by `or`, and nothing else: raw samples
 * of each can be asked for with `[range]`. [] = the query is something else.
 */
export function selectorsOf(promql: string): string[] {
  const parsed = parseQuery(promql);
  if (!parsed.ok || parsed.query.comments.length > 0) return [];
  const found = united(parsed.query.root);
  return found === undefined ? [] : found.map(({ from, to }) => promql.slice(from, to));
}

/** Does the query return the samples of the counters themselves? */
export function isSelector(promql: string): boolean {
  return selectorsOf(promql).length > 0;
}

/** The selectors of a union; undefined if the node is anything else. */
function united(node: SyntaxNode): SyntaxNode[] | undefined {
  if (node.name === 'VectorSelector') return [node];
  const parts = partsOf(node);
  const [left, operator, right] = parts;
  if (node.name === 'ParenExpr' && left !== undefined) return united(left);
  // a fourth part says by which labels series are matched
  if (node.name !== 'BinaryExpr' || operator?.name !== 'Or' || parts.length !== 3) return undefined;
  const ofLeft = left === undefined ? undefined : united(left);
  const ofRight = right === undefined ? undefined : united(right);
  return ofLeft === undefined || ofRight === undefined ? undefined : [...ofLeft, ...ofRight];
}
