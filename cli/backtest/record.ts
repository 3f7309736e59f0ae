import { formatDuration } from '../../lib/duration.ts';
import type { BoundMetric } from '../../api/bound.ts';
import type { Window } from '../../api/analysis.ts';
import { kindOfMetric } from '../../analysis/judge/kinds.ts';
import type { Cell, RecordedMetric, RecordedThreshold, Recording } from '../../analysis/replay/recording.ts';
import { sizeOf, sumOf } from '../../analysis/replay/recording.ts';
import { UsageError } from '../io.ts';
import { CountCollector, HistogramCollector, type Collector, type Ticks } from './collect.ts';
import { eachChunk, render, type RangeOptions } from './range.ts';
import { recordValues } from './values.ts';

export interface RecordOptions extends Omit<RangeOptions, 'ask'> {
  metrics: readonly BoundMetric[];
  variables: Readonly<Record<string, string>>;
}

export interface Recorded {
  recording: Recording;
  /** what the reader should know about it */
  notes: string[];
}

/** What stable did in the range. Throws a UsageError if there are no requests in it. */
export async function record(options: RecordOptions): Promise<Recorded> {
  const { tickMs, variables, metrics } = options;
  // instants of subqueries are multiples of their step
  const startMs = Math.ceil(options.range.startMs / tickMs) * tickMs;
  const length = Math.max(0, Math.floor((options.range.endMs - startMs) / tickMs));
  const ticks = { startMs, tickMs, length };
  const range = { startMs, endMs: startMs + length * tickMs };
  const collectors = metrics.flatMap((bound) => collectorOf(bound, ticks) ?? []);
  const thresholds = metrics.flatMap(({ key, metric }) => {
    const { asks } = kindOfMetric(metric);
    return asks.form === 'numbers' ? [{ key, numbers: asks.of(metric) }] : [];
  });
  const parts = collectors.length + thresholds.length;
  let done = 0;
  const next = (): Omit<RangeOptions, 'ask'> => {
    const before = done++;
    const progress = (doneMs: number): void =>
      options.progress((before + doneMs / (range.endMs - startMs)) / parts);
    return { ...options, range, progress };
  };
  for (const collector of collectors) {
    const queries = collector.queries.map((text) => render(text, variables, collector.key));
    await eachChunk(queries, { ...next(), ask: 'counters' }, (chunk) => collector.add(chunk));
    if (!options.stop.aborted && !collector.found) throw nothingFound(range, queries.at(-1) ?? '');
  }
  const target = variables['target'] ?? '';
  const counted = collectors.map((collector) => recordedOf(collector, target));
  const values: RecordedThreshold[] = [];
  for (const { key, numbers } of thresholds) {
    values.push({ key, values: await recordValues(numbers, key, { ...next(), variables, ticks }) });
  }
  return trimmed({ ...ticks, metrics: counted, thresholds: values });
}

function collectorOf({ key, metric }: BoundMetric, ticks: Ticks): Collector | undefined {
  const { asks } = kindOfMetric(metric);
  if (asks.form === 'counts') return new CountCollector(key, asks.of(metric), ticks);
  return asks.form === 'histograms' ? new HistogramCollector(key, asks.of(metric), ticks) : undefined;
}

function nothingFound(range: Window, query: string): UsageError {
  const between = `${isoMinute(range.startMs)} to ${isoMinute(range.endMs)}`;
  const remedy =
    'see --target, --service, --provider and --route, or give a later --from if Prometheus forgot';
  return new UsageError(
    `--from: Prometheus has no requests from ${between}; ${remedy}. It was asked for ${query}`,
  );
}

/** Keeps the pods only if every request belongs to one of them: a gateway's own pods are not pods of the target. */
function recordedOf(collector: Collector, target: string): RecordedMetric {
  const cells = collector.cells();
  const pods = [...cells.keys()];
  const own = pods.every((pod) => pod.startsWith(`${target}-`));
  const length = Math.max(...[...cells.values()].map((list) => list.length));
  const lists = [...cells.values()];
  const whole = Array.from({ length }, (_, i) => sumOf(lists.map((list) => list[i] ?? [])));
  return { key: collector.key, whole, ...(own ? { pods: cells } : {}), ...collector.kind() };
}

/** If less than this is missing at an end of the range, no note says so. */
const FORGOTTEN_MS = 15 * 60_000;

/** The recording from the first window with requests to the last. */
function trimmed(recording: Recording): Recorded {
  const { startMs, tickMs, length } = recording;
  const isBusy = (cell: Cell): boolean => sizeOf(cell) > 0;
  const first = Math.max(...recording.metrics.map(({ whole }) => whole.findIndex(isBusy)));
  const end = Math.min(...recording.metrics.map(({ whole }) => whole.findLastIndex(isBusy))) + 1;
  const cut = (cells: readonly Cell[]): Cell[] => cells.slice(first, end);
  const metrics = recording.metrics.map((metric): RecordedMetric => {
    const pods = metric.pods && new Map([...metric.pods].map(([pod, cells]) => [pod, cut(cells)] as const));
    return { ...metric, whole: cut(metric.whole), ...(pods === undefined ? {} : { pods }) };
  });
  const [begins, ends] = [startMs + first * tickMs, startMs + end * tickMs];
  const early = missing(first * tickMs, 'first', `the replay begins at ${isoMinute(begins)}`);
  const late = missing((length - end) * tickMs, 'last', `the replay ends at ${isoMinute(ends)}`);
  const thresholds = recording.thresholds.map(({ key, values }) => ({
    key,
    values: values.slice(first, end),
  }));
  return {
    recording: { startMs: begins, tickMs, length: Math.max(0, end - first), metrics, thresholds },
    notes: [...early, ...late],
  };
}

function missing(ms: number, which: 'first' | 'last', so: string): string[] {
  if (ms < FORGOTTEN_MS) return [];
  const lasts = formatDuration(Math.round(ms / 60_000) * 60_000);
  const why = which === 'first' ? ' (its retention may be shorter)' : '';
  return [`Prometheus has no requests in the ${which} ${lasts} of the range${why}; ${so}.`];
}

export function isoMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
