import { isCount } from '../../../lib/count.ts';
import type { Series } from './answer.ts';
import { deficit } from './buckets.ts';
import type { Reading, Track, Tracks, Unreadable } from './readings.ts';
import { unreadable } from './readings.ts';

/** Classic histograms: one counter `le` (less or equal) per bound. */

interface Group {
  labels: Readonly<Record<string, string>>;
  /** by `le` */
  counters: Map<number, Series[]>;
}

/** Real histograms are much smaller: a user who can set any labels must not take up the controller's time. */
const MOST_SERIES = 10_000;
const MOST_BOUNDS = 1_000;
const FEWER = 'aggregate in the query, e.g. sum by (le) (…), or give the histogram fewer buckets';

/** One histogram per set of labels but `le`. */
export function classicTracks(all: readonly Series[]): Tracks | Unreadable {
  if (all.length > MOST_SERIES)
    return unreadable(
      'badQuery',
      `the query returns ${all.length} series, more than ${MOST_SERIES}; ${FEWER}`,
    );
  const groups = groupsOf(all);
  if (groups === undefined) {
    const remedy = 'name the _bucket series, and keep le when aggregating, e.g. sum by (le) (…)';
    return unreadable('badQuery', `the query returns series without a numeric label le; ${remedy}`);
  }
  const layouts = new Map<string, readonly number[]>();
  const most = Math.max(0, ...groups.map(({ counters }) => counters.size));
  if (most > MOST_BOUNDS)
    return unreadable('badQuery', `a histogram has ${most} bounds, more than ${MOST_BOUNDS}; ${FEWER}`);
  const tracks: Track[] = [];
  for (const group of groups) {
    const samples = readings(group, layouts);
    const problem = problemOf(samples);
    if (problem !== undefined) return problem;
    tracks.push({ labels: group.labels, samples });
  }
  if (all.length > 0 && tracks.every(({ samples }) => samples.length === 0)) {
    const remedy = 'do not filter by le';
    return unreadable(
      'badQuery',
      `the histograms have no bucket le="+Inf", which counts all requests; ${remedy}`,
    );
  }
  return { ok: true, tracks, form: 'dense', layout: 'classic' };
}

function groupsOf(all: readonly Series[]): Group[] | undefined {
  const groups = new Map<string, Group>();
  for (const series of all) {
    const { le, ...labels } = series.labels;
    const bound = boundOf(le);
    if (bound === undefined) return undefined;
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { labels, counters: new Map<number, Series[]>() };
    groups.set(key, group);
    // the same bound may be written in two ways, as "1" and "1.0"
    const same = group.counters.get(bound);
    if (same === undefined) group.counters.set(bound, [series]);
    else same.push(series);
  }
  return [...groups.values()];
}

function boundOf(le: string | undefined): number | undefined {
  if (le === '+Inf' || le === 'Inf') return Infinity;
  const bound = le === undefined || le.trim() === '' ? NaN : Number(le);
  return Number.isNaN(bound) ? undefined : bound;
}

/**
 * Scrapes without a bucket for +Inf are left out; a bound that is missing in one scrape is not a bound of that scrape. Two
 * series of one bound in one scrape are added, as `histogram_quantile` adds them.
 */
function readings({ counters }: Group, layouts: Map<string, readonly number[]>): Reading[] {
  const rows = new Map<number, [number, number][]>();
  const ascending = [...counters].sort(([a], [b]) => a - b);
  for (const [bound, series] of ascending) {
    for (const { timeMs, value } of series.flatMap(({ samples }) => samples)) {
      const row = rows.get(timeMs) ?? [];
      const same = row.at(-1);
      if (same?.[0] === bound) same[1] += value;
      else row.push([bound, value]);
      rows.set(timeMs, row);
    }
  }
  return [...rows]
    .filter(([, row]) => row.at(-1)?.[0] === Infinity)
    .sort(([a], [b]) => a - b)
    .map(([timeMs, row]) => ({ timeMs, buckets: bucketsOf(row, layouts) }));
}

/** Durations are not negative: those of at most 0 go into the first bucket above 0. */
function bucketsOf(
  row: readonly [number, number][],
  layouts: Map<string, readonly number[]>,
): Reading['buckets'] {
  const positive = row.filter(([bound]) => bound > 0);
  const bounds = positive.slice(0, -1).map(([bound]) => bound);
  const key = bounds.join();
  const shared = layouts.get(key) ?? bounds;
  layouts.set(key, shared);
  const counts = positive.map(([, value], i) => value - (positive[i - 1]?.[1] ?? 0));
  return { bounds: shared, counts };
}

function problemOf(samples: readonly Reading[]): Unreadable | undefined {
  for (const { buckets } of samples) {
    const total = buckets.counts.reduce((sum, count) => sum + count, 0);
    if (!isCount(total)) return unreadable('nan', 'buckets are no counts (numbers from 0 to 2^53)');
    if (deficit(buckets.counts) <= 1 + 0.01 * Math.abs(total)) continue;
    const remedy = 'buckets have to be cumulative counters, as histograms expose them';
    return unreadable('badQuery', `a bucket counts fewer requests than a smaller one; ${remedy}`);
  }
  return undefined;
}
