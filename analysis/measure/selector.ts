import type { Window } from '../../api/analysis.ts';
import { promDuration } from '../../api/query.ts';

/** What kind of PromQL a query is, as far as taking differences needs to know. */

const NAME = /^\s*[A-Za-z_:][\w:]*\s*/;

/** A metric name, a `{…}` matcher list, or both, and nothing else: its raw samples can be asked for with `[range]`. */
export function isSelector(promql: string): boolean {
  const rest = promql.trim().replace(NAME, '');
  if (rest === '') return true;
  return rest.startsWith('{') && closingBrace(rest) === rest.length - 1;
}

/** Samples this long before the window are read as well, to know where each counter stood when the window began. */
export const LOOKBACK_MS = 5 * 60_000;
const STEPS_PER_TICK = 3;
const FEWEST_STEP_MS = 1000;

/**
 * The query over the window and the lookback: raw samples of a selector; of anything else its value at instants a third of
 * `tickMs` apart.
 */
export function overRange(
  query: string,
  { startMs, endMs }: Window,
  { tickMs = endMs - startMs, lookbackMs = LOOKBACK_MS }: { tickMs?: number; lookbackMs?: number } = {},
): string {
  const range = promDuration(endMs - startMs + lookbackMs);
  if (isSelector(query)) return `${query}[${range}]`;
  const step = Math.max(FEWEST_STEP_MS, Math.floor(tickMs / STEPS_PER_TICK / 1000) * 1000);
  return `(${query})[${range}:${promDuration(step)}]`;
}

/** Index of the brace that closes the one at index 0; -1 if none does. Braces inside strings do not count. */
function closingBrace(text: string): number {
  let quote = '';
  for (let i = 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== '') {
      if (char === '\\' && quote !== '`') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '}') return i;
  }
  return -1;
}
