import type { Estimate, Measure, Summaries } from './estimate.ts';
import { MEASURES, summaryOf } from './estimate.ts';

/** A promise: one measured number with its bar. */
export interface Check {
  /** a section is summed up by the check that is nearest to its bar */
  section: string;
  name: string;
  series: string;
  measure: Measure;
  bar: Bar;
  /** the result of an independent simulation of the design */
  reference?: string;
}

export type Bar = { atMost: number } | { atLeast: number };

/** over: missed by more than its own error; near: missed, but by less than its error. */
export type Outcome = 'ok' | 'near' | 'over';

export interface Result extends Check {
  runs: number;
  estimate: Estimate;
  outcome: Outcome;
}

export function resultOf(check: Check, summaries: Summaries): Result {
  const summary = summaryOf(summaries, check.series);
  const estimate = MEASURES[check.measure](summary);
  return { ...check, runs: summary.runs, estimate, outcome: outcomeOf(estimate, check.bar) };
}

export function outcomeOf({ value, low, high }: Estimate, bar: Bar): Outcome {
  if ('atMost' in bar) return value <= bar.atMost ? 'ok' : low <= bar.atMost ? 'near' : 'over';
  return value >= bar.atLeast ? 'ok' : high >= bar.atLeast ? 'near' : 'over';
}

/** For each section, the check that is nearest to its bar, or furthest beyond it. */
export function nearest(results: readonly Result[]): Result[] {
  const found = new Map<string, Result>();
  for (const result of results) {
    const known = found.get(result.section);
    if (known === undefined || used(result) > used(known)) found.set(result.section, result);
  }
  return [...found.values()];
}

/** The used part of what the bar allows; above 1 the bar is missed. */
function used({ estimate: { value }, bar, measure }: Result): number {
  if ('atMost' in bar) return value / bar.atMost;
  return measure === 'median' ? bar.atLeast / value : (1 - value) / (1 - bar.atLeast);
}
