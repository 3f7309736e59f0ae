import type { Histogram, LatencyHistory } from '../../../api/analysis.ts';
import { renderQuery } from '../../../api/query.ts';
import type { LatencyQueries } from '../../../api/kinds/template/preset.ts';
import { isSelector } from '../../promql/selector.ts';
import type { Buckets, Form } from './buckets.ts';
import { commonBounds, compacted, project, settled, sumOf } from './buckets.ts';
import { histogramIncrements } from './histogram-increments.ts';
import type { Job } from '../job.ts';
import type { Ticks } from './lookback.ts';
import { eachPiece, historyMs, tickOf, ticksBefore } from './lookback.ts';
import { podNames, podOf } from './pods.ts';
import type { PrometheusClient } from './client.ts';
import type { Track } from './readings.ts';
import { readTracks } from './tracks.ts';

export interface Wanted {
  client: PrometheusClient;
  byPod: boolean;
  bytesPerMs: number;
  form: Form;
  layout: Histogram['layout'];
  /** bounds of the measured window; a classic history is cut only at these */
  bounds: readonly number[];
}

/** What stable did before, in windows of the same length, as for error rates; `undefined` if Prometheus cannot tell. */
export async function latencyHistory(
  job: Job,
  queries: LatencyQueries,
  { client, byPod, bytesPerMs, form, layout, bounds }: Wanted,
): Promise<LatencyHistory | undefined> {
  const rendered = renderQuery(queries.buckets, job.variables.stable);
  if (!rendered.ok) return undefined;
  const span = byPod ? historyMs(podNames(job, 'stable').length) : historyMs(Infinity);
  const ticks = ticksBefore(job.window, span);
  const cells = new Cells(ticks, form);
  const raw = isSelector(rendered.query);
  const whole = await eachPiece(
    [rendered.query],
    { client, ticks, bytesPerMs },
    ({ window, answers, seen }) => {
      const read = readTracks(answers.flat());
      if (!read.ok || (read.form !== form && read.tracks.length > 0)) return false;
      for (const track of read.tracks) {
        cells.add(track, histogramIncrements(track, { window, seen, form, raw }));
      }
      return true;
    },
  );
  return whole ? cells.history({ byPod, layout, bounds }) : undefined;
}

/** Histograms per window, pod by pod; requests that belong to no pod are under ''. */
class Cells {
  readonly #pods = new Map<string, (Buckets | undefined)[]>();
  readonly #ticks: Ticks;
  readonly #form: Form;

  constructor(ticks: Ticks, form: Form) {
    this.#ticks = ticks;
    this.#form = form;
  }

  add(track: Track, increments: readonly { timeMs: number; by: Buckets }[]): void {
    const pod = podOf(track) ?? '';
    const own = this.#pods.get(pod) ?? new Array<Buckets | undefined>(this.#ticks.count).fill(undefined);
    this.#pods.set(pod, own);
    for (const { timeMs, by } of increments) {
      const i = tickOf(timeMs, this.#ticks);
      const before = own[i];
      own[i] = before === undefined ? by : sumOf([before, by], this.#form);
    }
  }

  /** The history from the first window with requests on. */
  history({
    byPod,
    layout,
    bounds: wanted,
  }: Pick<Wanted, 'byPod' | 'layout' | 'bounds'>): LatencyHistory | undefined {
    const filled = [...this.#pods.values()].flat().filter((cell) => cell !== undefined);
    const limits = this.#form === 'dense' ? [{ bounds: wanted, counts: [] }] : [];
    const known = commonBounds([...filled, ...limits], this.#form);
    const whole = sumOf(
      filled.map((cell) => ({ bounds: known, counts: project(cell, known) })),
      'dense',
    );
    if (whole === undefined || known.length === 0) return undefined;
    const bounds = layout === 'native' ? compacted(whole).bounds : known;
    const stable = this.#windows([...this.#pods.values()], bounds);
    const first = stable.findIndex((counts) => counts.length > 0);
    const history = { layout, bounds: [...bounds], stable: stable.slice(first) };
    if (!byPod) return history;
    const pods = [...this.#pods]
      .filter(([pod]) => pod !== '')
      .map(([pod, cells]) => [pod, this.#windows([cells], bounds).slice(first)] as const);
    return { ...history, pods: Object.fromEntries(pods) };
  }

  #windows(lists: readonly (readonly (Buckets | undefined)[])[], bounds: readonly number[]): number[][] {
    return Array.from({ length: this.#ticks.count }, (_, i) => {
      const cells = lists.map((list) => list[i]).filter((cell) => cell !== undefined);
      const sum = sumOf(
        cells.map((cell) => ({ bounds, counts: project(cell, bounds) })),
        'dense',
      );
      return sum === undefined ? [] : [...settled(sum).counts];
    });
  }
}
