import type { Estimate, Measure, Summaries } from './estimate.ts';
import { MEASURES } from './estimate.ts';

/** What is promised: one measured number against one bar. */
export interface Check {
  name: string;
  series: string;
  measure: Measure;
  bar: Bar;
  /** what an independent simulation of the design gave */
  reference?: string;
}

export type Bar = { atMost: number } | { atLeast: number };

/** over: missed by more than its own error; near: missed, but within it. */
export type Outcome = 'ok' | 'near' | 'over';

export interface Result extends Check {
  runs: number;
  estimate: Estimate;
  outcome: Outcome;
}

export function resultOf(check: Check, summaries: Summaries): Result {
  const summary = summaries[check.series];
  if (summary === undefined)
    throw new Error(`the check "${check.name}" wants the series ${check.series}, which nobody measured`);
  const estimate = MEASURES[check.measure](summary);
  return { ...check, runs: summary.runs, estimate, outcome: outcomeOf(estimate, check.bar) };
}

export function outcomeOf({ value, low, high }: Estimate, bar: Bar): Outcome {
  if ('atMost' in bar) return value <= bar.atMost ? 'ok' : low <= bar.atMost ? 'near' : 'over';
  return value >= bar.atLeast ? 'ok' : high >= bar.atLeast ? 'near' : 'over';
}
