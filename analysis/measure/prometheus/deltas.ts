import type { Window } from '../../../api/analysis.ts';
import type { Series } from './answer.ts';

/**
 * Counter increases over one closed window from raw samples, series by series: exact counts, no extrapolation. An
 * increase belongs to the scrape that saw it, so consecutive windows count every request exactly once.
 */

/** A time series of anything. */
export interface Timeline<Point extends { timeMs: number } = { timeMs: number }> {
  labels: Readonly<Record<string, string>>;
  /** in the order of time */
  samples: readonly Point[];
}

/** The scrape target a series came from; series without these labels (sums, rules) share one. */
export function sourceOf({ labels }: Pick<Timeline, 'labels'>): string {
  return JSON.stringify([labels['job'] ?? '', labels['instance'] ?? '']);
}

/** For each source, the time when it was first seen within the lookback. */
export type FirstSeen = ReadonlyMap<string, number>;

export function firstSeen(all: readonly Timeline[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const series of all) {
    const [first] = series.samples;
    if (first === undefined) continue;
    const source = sourceOf(series);
    seen.set(source, Math.min(seen.get(source) ?? Infinity, first.timeMs));
  }
  return seen;
}

/** The first sample of the series lies inside the window: either the series is new, or its scraping (re)started. */
export function beginsInside(series: Timeline, window: Window): boolean {
  const [first] = series.samples;
  return first !== undefined && first.timeMs > window.startMs && first.timeMs <= window.endMs;
}

/** Sources of series that begin inside the window, if nothing proves that the source was scraped before. */
export function unproven(all: readonly Timeline[], window: Window, seen: FirstSeen): Set<string> {
  const sources = new Set<string>();
  for (const series of all) {
    if (beginsInside(series, window) && !bornFromZero(series, seen)) sources.add(sourceOf(series));
  }
  return sources;
}

/**
 * If an earlier scrape of the same source did not show the series, it counts from 0: a first 5xx must not be lost. A
 * source that itself appears only now may have counted for hours, so only what follows its first sample counts.
 */
function bornFromZero(series: Timeline, seen: FirstSeen): boolean {
  const first = series.samples[0]?.timeMs ?? -Infinity;
  return (seen.get(sourceOf(series)) ?? Infinity) < first;
}

export interface CountOptions {
  window: Window;
  seen: FirstSeen;
  /**
   * raw counters: a fall is a restart from 0. Otherwise (for example, sums) a fall means that a member went away, and
   * adds nothing
   */
  raw: boolean;
}

/** Increase of one counter within (start, end]. */
export function increase(series: Series, options: CountOptions): number {
  return increments(series, options).reduce((sum, { by }) => sum + by, 0);
}

/** The scrapes inside the window, each with what it added. */
export function increments(
  series: Series,
  { window, seen, raw }: CountOptions,
): { timeMs: number; by: number }[] {
  return scrapesInside(series, { window, seen }).map(({ before, now }) => ({
    timeMs: now.timeMs,
    by: step(before?.value ?? 0, now.value, raw),
  }));
}

/** The scrapes inside the window that add something, each with the scrape before it; undefined if it counts from 0. */
export function scrapesInside<Point extends { timeMs: number }>(
  series: Timeline<Point>,
  { window, seen }: { window: Window; seen: FirstSeen },
): { before: Point | undefined; now: Point }[] {
  const found: { before: Point | undefined; now: Point }[] = [];
  let counts = bornFromZero(series, seen) && beginsInside(series, window);
  let before: Point | undefined;
  for (const now of series.samples) {
    if (now.timeMs > window.endMs) break;
    if (now.timeMs > window.startMs && counts) found.push({ before, now });
    before = now;
    counts = true;
  }
  return found;
}

/**
 * Does a sum rise inside the window after it fell? A member that went away and comes back adds everything it ever
 * counted; in the sum that looks the same as new requests.
 */
export function risesAfterFall({ samples }: Series, { startMs, endMs }: Window): boolean {
  let fallen = false;
  let last: number | undefined;
  for (const { timeMs, value } of samples) {
    if (timeMs > endMs) break;
    if (last !== undefined && value < last) fallen = true;
    if (last !== undefined && value > last && fallen && timeMs > startMs) return true;
    last = value;
  }
  return false;
}

function step(from: number, to: number, raw: boolean): number {
  if (to < from) return raw ? to : 0;
  return to - from;
}

/** Has any series a sample inside the window? Without a sample nothing is known; that is not the same as no requests. */
export function hasSampleInside(all: readonly Timeline[], window: Window): boolean {
  const inside = ({ timeMs }: { timeMs: number }): boolean =>
    timeMs > window.startMs && timeMs <= window.endMs;
  return all.some(({ samples }) => samples.some(inside));
}
