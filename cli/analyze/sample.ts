import { COUNTING, kindOfMetric } from '../../analysis/judge/kinds.ts';
import type { BadOutcome, Histogram, History, LatencyHistory, Measurement } from '../../api/analysis.ts';
import { isObject } from '../../lib/json.ts';
import { complain, Fields, kindOf, show, type Read } from '../../lib/schema/fields.ts';
import { list, number, oneOf } from '../../lib/schema/read.ts';
import type { Issue, Result } from '../../lib/result.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { readCounts, readHistogram, readValue } from './numbers.ts';

/** A measurement without its metric and window. */
export type Reading = Measurement extends infer M
  ? M extends Measurement
    ? Omit<M, 'metric' | 'window'>
    : never
  : never;

/** What one line of the input says. */
export interface Sample {
  /** end of the window; absent on lines that bring only history or a step */
  endMs?: number;
  metric?: string;
  reading?: Reading;
  history?: History | LatencyHistory;
  /** index of the step the release is in from this line on */
  step?: number;
}

/** What has to be known to read a line. */
export interface Known {
  /** metrics by name */
  metrics: ReadonlyMap<string, Metric>;
  /** weights of the steps, in order; [] if none were given */
  weights: readonly number[];
}

const MOST_WINDOWS = 100_000;
const OUTCOMES: readonly BadOutcome[] = [
  'noData',
  'nan',
  'severalSeries',
  'serverError',
  'timeout',
  'badQuery',
];

export function parseSample(text: string, known: Known): Result<Sample> {
  const issues: Issue[] = [];
  const place = { path: '', issues };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const issue = {
      path: 'sample',
      value: show(text),
      message: 'is not JSON',
      remedy: 'write one JSON object per line',
    };
    return { ok: false, issues: [issue] };
  }
  const fields = Fields.open(value, place);
  const sample = fields && readSample(fields, known);
  return sample !== undefined && issues.length === 0 ? { ok: true, value: sample } : { ok: false, issues };
}

const ABOUT_A_METRIC = ['canary', 'stable', 'pods', 'missing', 'history'];

function readSample(fields: Fields, known: Known): Sample {
  const step = readStep(fields, known.weights);
  const moved = step === undefined ? {} : { step };
  const endMs = fields.optional('t', readTime);
  const metric = readMetric(fields, known);
  const reading = metric && readReading(fields, metric);
  const history = metric && fields.optional('history', historyOf(metric));
  // checked first, so that fields of an unknown metric give no issues
  const told = ['metric', ...ABOUT_A_METRIC].filter((name) => fields.has(name));
  if (step === undefined && told.length === 0) {
    fields.missing('metric', `name one of ${[...known.metrics.keys()].join(', ')}`);
  }
  if (reading !== undefined && !fields.has('t'))
    fields.missing('t', 'give the end of the window, RFC 3339 or seconds');
  fields.end();
  return {
    ...moved,
    ...(endMs === undefined ? {} : { endMs }),
    ...(metric === undefined ? {} : { metric: metric.name }),
    ...(reading === undefined ? {} : { reading }),
    ...(history === undefined ? {} : { history }),
  };
}

/** If a template has only one metric, a line need not name it. */
function readMetric(fields: Fields, { metrics }: Known): Metric | undefined {
  const names = [...metrics.keys()];
  if (fields.has('metric')) return metrics.get(fields.optional('metric', oneOf(names)) ?? '');
  const meant = ABOUT_A_METRIC.filter((name) => fields.has(name));
  if (meant.length === 0) return undefined;
  if (names.length === 1) return metrics.get(names[0] ?? '');
  fields.missing('metric', `name one of ${names.join(', ')}`);
  return undefined;
}

/** RFC 3339, or a number: milliseconds if it is so large that seconds would lie in the year 5138, else seconds. */
const readTime: Read<number> = (value, place) => {
  const remedy = 'give RFC 3339 like 2026-01-31T12:00:15Z, or seconds or milliseconds since the epoch';
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 8e15) {
    return Math.round(value >= 1e11 ? value : value * 1000);
  }
  const ms =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*(Z|[-+]\d\d:\d\d)$/i.test(value)
      ? Date.parse(value)
      : NaN;
  return Number.isNaN(ms) ? complain(place, value, 'is not a time', remedy) : ms;
};

function readStep(fields: Fields, weights: readonly number[]): number | undefined {
  const last = Math.max(0, weights.length - 1);
  const index = fields.optional('step', number({ min: 0, max: last, integer: true }));
  if (!fields.has('weight') || index !== undefined) {
    return index;
  }
  return fields.optional('weight', (value, place) => {
    const found = weights.findIndex((weight) => weight === value);
    if (found !== -1) return found;
    const remedy =
      weights.length === 0 ? 'give the weights with --steps' : `give one of ${weights.join(', ')}`;
    return complain(place, value, 'is not the weight of a step', remedy);
  });
}

function readReading(fields: Fields, metric: Metric): Reading | undefined {
  if (fields.has('missing')) {
    const outcome = fields.optional('missing', oneOf(OUTCOMES));
    return outcome && { outcome, sentence: `the input has no data of this window (${outcome})` };
  }
  const measured = ['canary', 'stable', 'pods'].some((name) => fields.has(name));
  if (!measured) {
    if (!fields.has('history')) fields.missing('canary', 'give canary and stable, or missing: "noData"');
    return undefined;
  }
  const { asks } = kindOfMetric(metric);
  switch (asks.form) {
    case 'counts': {
      const both = readArms(fields, readCounts);
      return both && { outcome: 'ok', kind: 'counts', ...both };
    }
    case 'histograms': {
      const both = readArms(fields, readHistogram);
      return both && { outcome: 'ok', kind: 'histograms', ...both };
    }
    case 'numbers': {
      const compared = asks.of(metric).stable === 'compared';
      const canary = fields.required('canary', readValue, 'give {"value": …} of the canary');
      const stable = compared
        ? fields.required('stable', readValue, 'give {"value": …} of stable')
        : fields.optional('stable', readValue);
      if (canary === undefined || (compared && stable === undefined)) return undefined;
      return { outcome: 'ok', kind: 'numbers', canary, ...(stable === undefined ? {} : { stable }) };
    }
  }
}

interface Arms<T> {
  canary: T;
  stable: T;
  pods?: { canary: Record<string, T>; stable: Record<string, T> };
}

function readArms<T>(fields: Fields, read: Read<T>): Arms<T> | undefined {
  const canary = fields.required('canary', read, 'give the numbers of the canary, or missing: "noData"');
  const stable = fields.required('stable', read, 'give the numbers of stable, or missing: "noData"');
  const pods = fields.optional('pods', (value, place) => {
    const arms = Fields.open(value, place);
    const ofCanary = arms?.required('canary', mapOf(read), 'give a map from pod to numbers');
    const ofStable = arms?.required('stable', mapOf(read), 'give a map from pod to numbers');
    arms?.end();
    return ofCanary && ofStable && { canary: ofCanary, stable: ofStable };
  });
  if (canary === undefined || stable === undefined) return undefined;
  return { canary, stable, ...(pods === undefined ? {} : { pods }) };
}

function mapOf<T>(read: Read<T>): Read<Record<string, T>> {
  return (value, place) => {
    if (!isObject(value))
      return complain(place, value, `is ${kindOf(value)}`, 'give a map from pod to numbers');
    const entries = Object.entries(value).map(([name, item]) => {
      const at = { path: `${place.path}[${JSON.stringify(name)}]`, issues: place.issues };
      return [name, read(item, at)] as const;
    });
    const whole = entries.filter((entry): entry is [string, T] => entry[1] !== undefined);
    return whole.length === entries.length ? Object.fromEntries(whole) : undefined;
  };
}

function historyOf(metric: Metric): Read<History | LatencyHistory> {
  const { asks, name } = kindOfMetric(metric);
  if (asks.form === 'counts') return pastOf(readCounts);
  if (asks.form === 'histograms') return readLatencyHistory;
  return (value, place) =>
    complain(
      place,
      value,
      `means nothing to a metric of type ${name}`,
      `remove it; it calibrates ${COUNTING.join(' and ')}`,
    );
}

interface Past<T> {
  stable: T[];
  pods?: Record<string, T[]>;
}

/** Windows before the first one, oldest first: a list for stable, and a list of the same length for each pod. */
function pastOf<T>(read: Read<T>): Read<Past<T>> {
  const windows = list(read, MOST_WINDOWS);
  return (value, place) => {
    const fields = Fields.open(value, place);
    const stable = fields?.required('stable', windows, 'give a list of windows, oldest first');
    const pods = fields?.optional('pods', mapOf(windows));
    fields?.end();
    if (stable === undefined) return undefined;
    for (const [pod, past] of Object.entries(pods ?? {})) {
      if (past.length === stable.length) continue;
      const at = { path: `${place.path}.pods[${JSON.stringify(pod)}]`, issues: place.issues };
      const remedy = 'give every pod a list as long as stable, with zeros where it did not serve';
      return complain(at, past, `has ${past.length} windows, stable has ${stable.length}`, remedy);
    }
    return { stable, ...(pods === undefined ? {} : { pods }) };
  };
}

const readLatencyHistory: Read<LatencyHistory> = (value, place) => {
  const past = pastOf(readHistogram)(value, place);
  const first = past?.stable[0];
  if (past === undefined) return undefined;
  const all = [...past.stable, ...Object.values(past.pods ?? {}).flat()];
  const other = all.find((one) => first !== undefined && !sameBounds(one, first));
  if (other !== undefined) {
    return complain(
      place,
      other.bounds,
      'are other bounds than those of the first window',
      'give all windows the same bounds',
    );
  }
  const counts = (windows: readonly Histogram[]): number[][] => windows.map((one) => one.counts);
  const pods =
    past.pods && Object.entries(past.pods).map(([pod, windows]) => [pod, counts(windows)] as const);
  return {
    layout: first?.layout ?? 'classic',
    bounds: first?.bounds ?? [],
    stable: counts(past.stable),
    ...(pods === undefined ? {} : { pods: Object.fromEntries(pods) }),
  };
};

function sameBounds(a: Histogram, b: Histogram): boolean {
  return (
    a.layout === b.layout &&
    a.bounds.length === b.bounds.length &&
    a.bounds.every((bound, i) => bound === b.bounds[i])
  );
}
