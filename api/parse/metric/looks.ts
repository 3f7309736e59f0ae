import { formatDuration } from '../../../lib/duration.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { CountTest, Looks, SeriesTest } from '../../template.ts';
import { Fields, complain, type Read } from '../../../lib/schema/fields.ts';
import { duration, number, oneOf } from '../../../lib/schema/read.ts';

const COUNT_METHODS = ['sequential', 'twoProportionZ', 'fisher'] as const;
const SERIES_METHODS = ['kayenta', 'welch', 'mannWhitney', 'kolmogorovSmirnov'] as const;

const MAX_LOOKS = 20;
const DEFAULT_LOOKS = 1;
const COUNT_HORIZON_MS = { min: 60_000, max: 86_400_000 };
/** The rank tests need eight values to run; no method of the series is of use with fewer. */
const MIN_VALUES_PER_LOOK = 8;
const DEFAULT_VALUES = 50;
/** All values of a step are kept in the status of the Release. */
const MAX_VALUES = 200;

/** The metric field `test` of an error rate; `intervalMs` is the length of a window. */
export function countTest(intervalMs: number): Read<CountTest> {
  return (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    const method = readMethod(fields, COUNT_METHODS);
    if (method === undefined) return undefined;
    if (method === 'sequential') {
      const message = 'is not a setting of the sequential method, which looks after every window';
      fields.refuse(['looks', 'horizon'], message, 'remove it, or set method to twoProportionZ or fisher');
      fields.end();
      return { method };
    }
    const looks = readLooks(fields);
    const horizon = duration(COUNT_HORIZON_MS.min, COUNT_HORIZON_MS.max);
    const remedy = 'give the measured time until the last look in each step, like 30m';
    const horizonMs = fields.required('horizon', horizon, remedy);
    fields.end();
    if (horizonMs === undefined) return undefined;
    requireWindows(fields, { looks, horizonMs }, { intervalMs, each: 1 });
    return { method, looks, horizonMs };
  };
}

export function defaultSeriesTest(intervalMs: number): SeriesTest {
  return { method: SERIES_METHODS[0], looks: DEFAULT_LOOKS, horizonMs: DEFAULT_VALUES * intervalMs };
}

/** The metric field `test` of a series, which has one value for each window. */
export function seriesTest(intervalMs: number): Read<SeriesTest> {
  return (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    const method = readMethod(fields, SERIES_METHODS);
    const looks = readLooks(fields);
    const horizonMs = fields.withDefault('horizon', duration(), DEFAULT_VALUES * intervalMs);
    fields.end();
    requireWindows(fields, { looks, horizonMs }, { intervalMs, each: MIN_VALUES_PER_LOOK });
    const longest = MAX_VALUES * intervalMs;
    if (horizonMs > longest) {
      const remedy = `give at most ${formatDuration(longest)}, or a longer interval`;
      const message = `is longer than ${MAX_VALUES} windows of ${formatDuration(intervalMs)}`;
      complain(fields.at('horizon'), formatDuration(horizonMs), message, remedy);
    }
    return method && { method, looks, horizonMs };
  };
}

export function writeTest(test: CountTest | SeriesTest): JsonObject {
  if (test.method === 'sequential') return { method: test.method };
  return { method: test.method, looks: test.looks, horizon: formatDuration(test.horizonMs) };
}

/** The first method is the default; `undefined` if the one given is not known. */
function readMethod<const T extends string>(fields: Fields, methods: readonly [T, ...T[]]): T | undefined {
  return fields.has('method') ? fields.optional('method', oneOf(methods)) : methods[0];
}

function readLooks(fields: Fields): number {
  return fields.withDefault('looks', number({ min: 1, max: MAX_LOOKS, integer: true }), DEFAULT_LOOKS);
}

/** Before each look there have to be `each` windows. */
function requireWindows(
  fields: Fields,
  { looks, horizonMs }: Looks,
  { intervalMs, each }: { intervalMs: number; each: number },
): void {
  const shortest = looks * each * intervalMs;
  if (horizonMs >= shortest) return;
  const windows = `${each} ${each === 1 ? 'window' : 'windows'} of ${formatDuration(intervalMs)}`;
  const message = `is too short for ${windows} before each of ${looks} looks`;
  const remedy = `give at least ${formatDuration(shortest)}${looks > 1 ? ', or fewer looks' : ''}`;
  complain(fields.at('horizon'), formatDuration(horizonMs), message, remedy);
}
