import { isCount } from '../../../lib/count.ts';
import type { NativeBucket, Series } from './answer.ts';
import type { Buckets } from './buckets.ts';
import type { Tracks, Unreadable } from './readings.ts';
import { unreadable } from './readings.ts';

/** Native histograms: each scrape brings all filled buckets at once. */

/** Smallest width Prometheus gives the bucket around zero; durations at most this long share one bucket. */
const ZERO = eightDigits(2 ** -128);
/** Finest and coarsest resolution: bounds grow by 2^(2^−schema). */
const SCHEMAS = { min: -4, max: 8 };

const IMPOSSIBLE =
  'a bucket of the native histogram holds no count (a number from 0 to 2^53); look at the exporter or the recording rule behind the query';

export function nativeTracks(all: readonly Series[]): Tracks | Unreadable {
  let exponential = true;
  const short = remembered(eightDigits);
  const tracks: Tracks['tracks'] = [];
  for (const { labels, histograms = [] } of all) {
    for (const { buckets } of histograms) {
      if (!buckets.every(isSound)) return unreadable('nan', IMPOSSIBLE);
      exponential &&= buckets.every(isExponential);
    }
    const samples = histograms.map(({ timeMs, buckets }) => ({ timeMs, buckets: bucketsOf(buckets, short) }));
    tracks.push({ labels, samples });
  }
  return { ok: true, tracks, form: 'sparse', layout: exponential ? 'native' : 'classic' };
}

function isSound({ left, right, count }: NativeBucket): boolean {
  return left <= right && isCount(count);
}

/** Are the bounds exponential? Otherwise they are custom bounds: a classic histogram in the native format. */
function isExponential({ left, right }: NativeBucket): boolean {
  if (left <= 0) return left > -Infinity || right < 0;
  // the last bucket ends at the largest number
  if (right >= Number.MAX_VALUE) return left > 2 ** 960;
  const schema = -Math.log2(Math.log2(right / left));
  const whole = Math.round(schema);
  return Math.abs(schema - whole) < 1e-6 && whole >= SCHEMAS.min && whole <= SCHEMAS.max;
}

/**
 * There are many bounds, with any number of digits; even the closest ones differ in the third digit. Short ones keep the
 * status small.
 */
function eightDigits(bound: number): number {
  return Number(bound.toPrecision(8));
}

/** Remembers results, because every scrape repeats the same few bounds. */
function remembered(of: (value: number) => number): (value: number) => number {
  const known = new Map<number, number>();
  return (value) => {
    const found = known.get(value) ?? of(value);
    known.set(value, found);
    return found;
  };
}

/** Bounds of the filled buckets and their lower neighbours. Negative durations go into the lowest bucket. */
function bucketsOf(filled: readonly NativeBucket[], short: (bound: number) => number): Buckets {
  const bounds: number[] = [];
  const counts: number[] = [0];
  const close = (bound: number): void => {
    bounds.push(bound);
    counts.push(0);
  };
  for (const { left, right, count } of filled) {
    const begin = short(left);
    if (begin > Math.max(ZERO, bounds.at(-1) ?? 0)) close(begin);
    const end = Math.max(ZERO, short(right));
    const last = counts.length - 1;
    if (end === bounds.at(-1)) counts[last - 1] = (counts[last - 1] ?? 0) + count;
    else counts[last] = (counts[last] ?? 0) + count;
    if (end < Infinity && end !== bounds.at(-1)) close(end);
  }
  return { bounds, counts };
}
