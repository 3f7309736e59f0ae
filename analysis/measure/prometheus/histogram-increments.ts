import type { Window } from '../../../api/analysis.ts';
import type { Buckets, Form } from './buckets.ts';
import { added, totalOf } from './buckets.ts';
import type { FirstSeen } from './deltas.ts';
import { scrapesInside } from './deltas.ts';
import type { Track } from './readings.ts';

export interface HistogramOptions {
  window: Window;
  seen: FirstSeen;
  form: Form;
  /** as for counters: a fall of a raw histogram is a restart from 0; a fall of a sum counts nothing */
  raw: boolean;
}

/** The scrapes inside the window that add anything, each with what it added. */
export function histogramIncrements(
  track: Track,
  { window, seen, form, raw }: HistogramOptions,
): { timeMs: number; by: Buckets }[] {
  const found: { timeMs: number; by: Buckets }[] = [];
  for (const { before, now } of scrapesInside(track, { window, seen })) {
    const by = before === undefined ? now.buckets : added(before.buckets, now.buckets, { form, raw });
    if (by?.counts.some((count) => count !== 0) === true) found.push({ timeMs: now.timeMs, by });
  }
  return found;
}

/** Does the histogram rise inside the window after a member went away? See the same for sums of counters. */
export function histogramRisesAfterFall({ samples }: Track, { startMs, endMs }: Window, form: Form): boolean {
  let fallen = false;
  for (const [i, { timeMs, buckets }] of samples.entries()) {
    const before = samples[i - 1]?.buckets;
    if (before === undefined) continue;
    if (timeMs > endMs) break;
    const by = added(before, buckets, { form, raw: false });
    if (by === undefined) fallen = true;
    else if (fallen && timeMs > startMs && totalOf(by) > 0) return true;
  }
  return false;
}
