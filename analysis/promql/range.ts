import { promDuration } from '../../api/query.ts';
import { selectorsOf } from './selector.ts';

/**
 * Queries that together return all samples of the last `ms`: raw ones of each selector of a union; of anything else its value at
 * instants `stepMs` apart.
 */
export function samplesOver(promql: string, ms: number, stepMs: number): string[] {
  const selectors = selectorsOf(promql);
  if (selectors.length > 0) return selectors.map((selector) => `${selector}[${promDuration(ms)}]`);
  return [valuesOver(promql, ms, stepMs)];
}

/** The value of any query at instants `stepMs` apart; on a line of its own, a comment at its end does not swallow the range. */
export function valuesOver(promql: string, ms: number, stepMs: number): string {
  return `(${promql}${promql.includes('#') ? '\n' : ''})[${promDuration(ms)}:${promDuration(stepMs)}]`;
}
