import type { Histogram } from '../../api/analysis.ts';
import type { ErrorRateQueries, LatencyQueries } from '../../api/kinds/template/preset.ts';
import type { Arm } from '../../api/query.ts';
import type { Series } from '../../analysis/measure/prometheus/answer.ts';
import type { Buckets, Form } from '../../analysis/measure/prometheus/buckets.ts';
import { commonBounds, project, settled, sumOf } from '../../analysis/measure/prometheus/buckets.ts';
import { firstSeen, increments } from '../../analysis/measure/prometheus/deltas.ts';
import { histogramIncrements } from '../../analysis/measure/prometheus/histogram-increments.ts';
import { podOf } from '../../analysis/measure/prometheus/pods.ts';
import { readTracks } from '../../analysis/measure/prometheus/tracks.ts';
import type { Cell } from '../../analysis/replay/recording.ts';
import { UsageError } from '../io.ts';
import type { Chunk } from './range.ts';

/** `length` windows of `tickMs`, the first from `startMs` on. */
export interface Ticks {
  startMs: number;
  tickMs: number;
  length: number;
}

/** Collects what Prometheus has about the stable arm of one metric, and keeps what each window added. */
export interface Collector {
  key: string;
  /** query templates of the stable arm */
  queries: string[];
  /** have any requests been found? */
  found: boolean;
  add(chunk: Chunk): void;
  /** cells by pod; '' where a series does not name one */
  cells(): Map<string, Cell[]>;
  kind(): { kind: 'counts' } | { kind: 'histograms'; bounds: number[]; layout: Histogram['layout'] };
}

/** Undefined: neither the template nor a preset has queries. */
type Asked<Q> = Record<Arm, Q> | undefined;

/** Index of the window that contains this time. */
export function tickOf(timeMs: number, { startMs, tickMs }: Ticks): number {
  return Math.ceil((timeMs - startMs) / tickMs) - 1;
}

function noQueries(key: string): UsageError {
  return new UsageError(`${key}: has no queries; give --provider, or queries in the template`);
}

/** Counters of bad and of all requests. */
export class CountCollector implements Collector {
  readonly key: string;
  readonly queries: string[];
  found = false;
  readonly #ticks: Ticks;
  readonly #pods = new Map<string, { bad: Float64Array; total: Float64Array }>();

  constructor(key: string, queries: Asked<ErrorRateQueries>, ticks: Ticks) {
    if (queries === undefined) throw noQueries(key);
    this.key = key;
    this.queries = [queries.stable.bad, queries.stable.total];
    this.#ticks = ticks;
  }

  add({ window, answers, raw }: Chunk): void {
    const [bad = [], total = []] = answers;
    const seen = firstSeen([...bad, ...total]);
    const count = (series: Series, part: 'bad' | 'total'): void => {
      const own = this.#of(podOf(series) ?? '')[part];
      const options = { window, seen, raw: raw[part === 'bad' ? 0 : 1] === true };
      for (const { timeMs, by } of increments(series, options)) {
        const i = tickOf(timeMs, this.#ticks);
        if (!(by > 0)) continue;
        own[i] = (own[i] ?? 0) + by;
        if (part === 'total') this.found = true;
      }
    };
    for (const series of bad) count(series, 'bad');
    for (const series of total) count(series, 'total');
  }

  cells(): Map<string, Cell[]> {
    const cellsOf = ({ bad, total }: { bad: Float64Array; total: Float64Array }): Cell[] =>
      Array.from(total, (all, i) => {
        const errors = Math.min(all, bad[i] ?? 0);
        return all === 0 ? [] : [all - errors, errors];
      });
    const busy = [...this.#pods].filter(([, { total }]) => total.some((count) => count > 0));
    return new Map(busy.map(([pod, counts]) => [pod, cellsOf(counts)] as const));
  }

  kind() {
    return { kind: 'counts' as const };
  }

  #of(pod: string) {
    const known = this.#pods.get(pod);
    if (known !== undefined) return known;
    const { length } = this.#ticks;
    const own = { bad: new Float64Array(length), total: new Float64Array(length) };
    this.#pods.set(pod, own);
    return own;
  }
}

/** Histograms, classic or native. */
export class HistogramCollector implements Collector {
  readonly key: string;
  readonly queries: string[];
  found = false;
  readonly #ticks: Ticks;
  readonly #pods = new Map<string, (Buckets | undefined)[]>();
  #form: Form = 'dense';
  #layout: Histogram['layout'] = 'classic';

  constructor(key: string, queries: Asked<LatencyQueries>, ticks: Ticks) {
    if (queries === undefined) throw noQueries(key);
    this.key = key;
    this.queries = [queries.stable.buckets];
    this.#ticks = ticks;
  }

  add({ window, answers: [series = []], raw: [raw = true] }: Chunk): void {
    if (series.length === 0) return;
    const read = readTracks(series);
    if (!read.ok) throw new UsageError(`${this.key}: ${read.sentence}`);
    if (this.found && read.form !== this.#form) {
      const remedy = 'give a range with only one kind';
      throw new UsageError(`${this.key}: histograms were classic and became native in the range; ${remedy}`);
    }
    this.#form = read.form;
    this.#layout = read.layout;
    const seen = firstSeen(read.tracks);
    for (const track of read.tracks) {
      const own = this.#of(podOf(track) ?? '');
      for (const { timeMs, by } of histogramIncrements(track, { window, seen, form: read.form, raw })) {
        const i = tickOf(timeMs, this.#ticks);
        const before = own[i];
        own[i] = before === undefined ? by : sumOf([before, by], read.form);
        this.found = true;
      }
    }
  }

  cells(): Map<string, Cell[]> {
    const bounds = this.#bounds();
    const cellOf = (buckets: Buckets | undefined): Cell =>
      buckets === undefined ? [] : settled({ bounds, counts: project(buckets, bounds) }).counts;
    const busy = [...this.#pods].filter(([, list]) => list.some((one) => one !== undefined));
    return new Map(busy.map(([pod, list]) => [pod, Array.from(list, cellOf)] as const));
  }

  kind() {
    return { kind: 'histograms' as const, bounds: [...this.#bounds()], layout: this.#layout };
  }

  #bounds(): readonly number[] {
    return commonBounds(
      [...this.#pods.values()].flat().filter((one) => one !== undefined),
      this.#form,
    );
  }

  #of(pod: string): (Buckets | undefined)[] {
    const known = this.#pods.get(pod);
    if (known !== undefined) return known;
    const own = new Array<Buckets | undefined>(this.#ticks.length).fill(undefined);
    this.#pods.set(pod, own);
    return own;
  }
}
