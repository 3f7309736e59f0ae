import type { Bar } from './chance.ts';
import { chanceOfRatio, CHANCES } from './chance.ts';
import type { Estimate, Measure, Summaries } from './estimate.ts';
import { MEASURES, ONE_SIDE, ratio, summaryOf } from './estimate.ts';

/** A promise: one measured number with its bar. */
export interface Check {
  /** a section is summed up by the check that is nearest to its bar */
  section: string;
  name: string;
  series: string;
  /** the mean minutes are divided by those of this series */
  per?: string;
  measure: Measure;
  bar: Bar;
  /** the result of an independent simulation of the design */
  reference?: string;
}

/** over: missed, and not by chance; near: missed, but perhaps by chance. */
export type Outcome = 'ok' | 'near' | 'over';

export interface Result extends Check {
  runs: number;
  estimate: Estimate;
  outcome: Outcome;
}

/**
 * The risk that chance makes one bar look missed whose true value is just kept. With few runs that shall not happen to
 * one of all the bars in more than one of twenty reports.
 */
export function riskOf({ few, bars }: { few: boolean; bars: number }): number {
  return few ? 0.05 / Math.max(1, bars) : ONE_SIDE;
}

export function resultOf(check: Check, summaries: Summaries, risk: number): Result {
  const { measure, bar, per } = check;
  const summary = summaryOf(summaries, check.series);
  const base = per === undefined ? undefined : summaryOf(summaries, per);
  const estimate = base === undefined ? MEASURES[measure](summary) : ratio(summary, base);
  const chance = base === undefined ? CHANCES[measure](summary, bar) : chanceOfRatio(summary, base, bar);
  const kept = 'atMost' in bar ? estimate.value <= bar.atMost : estimate.value >= bar.atLeast;
  return { ...check, runs: summary.runs, estimate, outcome: kept ? 'ok' : chance > risk ? 'near' : 'over' };
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
