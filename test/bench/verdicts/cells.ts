import type { Measure, Summaries, Summary } from './estimate.ts';
import { MEASURES, summaryOf } from './estimate.ts';
import { detectionCell, percent, short } from './table.ts';

/** Cells of tables, from the summary of a series. */

/** "2.7 min", with the share found within the hour if that is not all. */
export function minutesCell(summaries: Summaries, name: string): string {
  return foundCell(summaryOf(summaries, name));
}

export function foundCell(summary: Summary): string {
  return detectionCell(MEASURES.share(summary), MEASURES.minutes(summary));
}

export function shareCell(
  summaries: Summaries,
  name: string,
  measure: Extract<Measure, 'share' | 'proportion'> = 'share',
): string {
  return percent(MEASURES[measure](summaryOf(summaries, name)).value);
}

/** Share and mean minutes, however few it were. */
export function bothCell(summaries: Summaries, name: string): string {
  const summary = summaryOf(summaries, name);
  return `${percent(MEASURES.share(summary).value)}, ${short(MEASURES.minutes(summary).value)} min`;
}
