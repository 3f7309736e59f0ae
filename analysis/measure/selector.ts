import type { Window } from '../../api/analysis.ts';
import { promDuration } from '../../api/query.ts';

/** What kind of PromQL a query is, as far as taking differences needs to know. */

const NAME = /^[A-Za-z_:][\w:]*\s*/;
const OR = /^or\b\s*/i;

/**
 * Selectors (a metric name, a `{…}` matcher list, or both), several of them joined by `or`, and nothing else: raw samples
 * of each can be asked for with `[range]`. [] = the query is something else.
 */
export function selectorsOf(promql: string): string[] {
  const selectors: string[] = [];
  let rest = promql.trim();
  for (;;) {
    const length = selectorLength(rest);
    if (length === 0) return [];
    selectors.push(rest.slice(0, length).trimEnd());
    rest = rest.slice(length).trimStart();
    if (rest === '') return selectors;
    const or = OR.exec(rest)?.[0];
    if (or === undefined) return [];
    rest = rest.slice(or.length);
  }
}

/** Are its samples those of the counters themselves? */
export function isSelector(promql: string): boolean {
  return selectorsOf(promql).length > 0;
}

/** Samples this long before the window are read as well, to know where each counter stood when the window began. */
export const LOOKBACK_MS = 5 * 60_000;
const STEPS_PER_TICK = 3;
const FEWEST_STEP_MS = 1000;

/**
 * The query over the window and the lookback: raw samples of each of its selectors; of anything else its value at instants a
 * third of `tickMs` apart.
 */
export function overRange(
  query: string,
  { startMs, endMs }: Window,
  { tickMs = endMs - startMs, lookbackMs = LOOKBACK_MS }: { tickMs?: number; lookbackMs?: number } = {},
): string[] {
  const range = promDuration(endMs - startMs + lookbackMs);
  const selectors = selectorsOf(query);
  if (selectors.length > 0) return selectors.map((selector) => `${selector}[${range}]`);
  const step = Math.max(FEWEST_STEP_MS, Math.floor(tickMs / STEPS_PER_TICK / 1000) * 1000);
  return [`(${query})[${range}:${promDuration(step)}]`];
}

/** How many characters of the text are a selector it begins with; 0: it begins with none. */
function selectorLength(text: string): number {
  const name = NAME.exec(text)?.[0].length ?? 0;
  return text[name] === '{' ? closingBrace(text, name) + 1 : name;
}

/** Index of the brace that closes the one at `from`; -1 if none does. Braces inside strings do not count. */
function closingBrace(text: string, from: number): number {
  let quote = '';
  for (let i = from + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== '') {
      if (char === '\\' && quote !== '`') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '}') return i;
  }
  return -1;
}
