import { promDuration } from '../../api/query.ts';
import { selectorsOf } from './selector.ts';

/**
 * Queries that together return all samples of the last `ms`: for a union of selectors the raw samples of each; for any
 * other query its value at instants `stepMs` apart.
 */
export function samplesOver(promql: string, ms: number, stepMs: number): string[] {
  const selectors = selectorsOf(promql);
  if (selectors.length > 0) return selectors.map((selector) => `${selector}[${promDuration(ms)}]`);
  return [valuesOver(promql, ms, stepMs)];
}

/**
 * The value of any query at instants `stepMs` apart; the range is on a line of its own, so that a comment at the end of
 * the query does not swallow it.
 */
export function valuesOver(promql: string, ms: number, stepMs: number): string {
  return `(${promql}${promql.includes('#') ? '\n' : ''})[${promDuration(ms)}:${promDuration(stepMs)}]`;
}
