import type { Counts, Histogram } from '../../api/analysis.ts';
import { isObject } from '../../lib/json.ts';
import { complain, Fields, kindOf, type Place, type Read } from '../../lib/schema/fields.ts';
import { list, number, oneOf } from '../../lib/schema/read.ts';

/** Readers for the numbers of one arm over one window. */

const amount = number({ min: 0, max: 1e15 });
const MOST_BUCKETS = 10_000;

export const readCounts: Read<Counts> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const total = fields.required('total', amount, 'give the number of all requests of the window');
  const bad = fields.required('bad', amount, 'give the number of bad requests of the window');
  fields.end();
  if (total === undefined || bad === undefined) return undefined;
  if (bad <= total) return { total, bad };
  return complain(fields.at('bad'), bad, `is more than total (${total})`, 'count bad requests among all');
};

export const readValue: Read<number> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const read = fields.required('value', number({ min: -1e300, max: 1e300 }), 'give the number of the window');
  fields.end();
  return read;
};

/** `{bounds, counts}`, or cumulative `{buckets: {"0.1": 90, "+Inf": 100}}` as in Prometheus. */
export const readHistogram: Read<Histogram> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const layout = fields.withDefault('layout', oneOf(['classic', 'native']), 'classic');
  if (fields.has('buckets')) {
    const read = fields.optional('buckets', readBuckets);
    fields.end();
    return read && { ...read, layout };
  }
  const bounds = fields.required(
    'bounds',
    list(number({ min: -1e300, max: 1e300 }), MOST_BUCKETS),
    'give bounds and counts, or buckets',
  );
  const counts = fields.required('counts', list(amount, MOST_BUCKETS + 1), 'give one count more than bounds');
  fields.end();
  if (bounds === undefined || counts === undefined) return undefined;
  if (counts.length !== bounds.length + 1) {
    const message = `has ${counts.length} items for ${bounds.length} bounds`;
    return complain(
      fields.at('counts'),
      counts,
      message,
      'give one count more than bounds: the last lies above all',
    );
  }
  if (isAscending(bounds)) return { bounds, counts, layout };
  return complain(fields.at('bounds'), bounds, 'do not ascend', 'sort them, each once');
};

function isAscending(bounds: readonly number[]): boolean {
  return bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? -Infinity));
}

const readBuckets: Read<Pick<Histogram, 'bounds' | 'counts'>> = (value, place) => {
  if (!isObject(value))
    return complain(place, value, `is ${kindOf(value)}`, 'give a map from bound to count');
  const entries = Object.keys(value).map((key) => ({ key, bound: boundOf(key) }));
  for (const { key, bound } of entries) {
    if (Number.isNaN(bound))
      return complain(at(place, key), value[key], 'has no number for a bound', 'write "0.1" or "+Inf"');
  }
  entries.sort((a, b) => a.bound - b.bound);
  if (entries.at(-1)?.bound !== Infinity) {
    return complain(place, value, 'has no bucket "+Inf"', 'give the number of all requests as "+Inf"');
  }
  const counts: number[] = [];
  let below = 0;
  for (const { key } of entries) {
    const upTo = amount(value[key], at(place, key));
    if (upTo === undefined) return undefined;
    if (upTo < below) {
      const message = `is less than the bucket before it (${below})`;
      return complain(at(place, key), upTo, message, 'give cumulative counts, as Prometheus does');
    }
    counts.push(upTo - below);
    below = upTo;
  }
  return { bounds: entries.slice(0, -1).map(({ bound }) => bound), counts };
};

function boundOf(key: string): number {
  if (/^\+?inf$/i.test(key)) return Infinity;
  return /^[-+]?\d*\.?\d+(e[-+]?\d+)?$/i.test(key) ? Number(key) : NaN;
}

function at(place: Place, key: string): Place {
  return { path: `${place.path}[${JSON.stringify(key)}]`, issues: place.issues };
}
