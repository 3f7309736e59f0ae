import type { Counts, History } from '../../../api/analysis.ts';
import { renderQuery } from '../../../api/query.ts';
import { isCount } from '../../../lib/count.ts';
import type { ErrorRateQueries } from '../../../api/kinds/template/preset.ts';
import { isSelector } from '../../promql/selector.ts';
import type { Series } from './answer.ts';
import { increments } from './deltas.ts';
import type { Job } from '../job.ts';
import type { Piece, Ticks } from './lookback.ts';
import { eachPiece, historyMs, tickOf, ticksBefore } from './lookback.ts';
import { podNames, podOf } from './pods.ts';
import type { PrometheusClient } from './client.ts';

/**
 * What the stable arm did in the hours before the window, cut into windows of the same length; `byPod` (the series are of
 * the arm's own pods): also pod by pod, including pods that are gone. `undefined` if Prometheus cannot tell: the
 * calibration is then weaker, but the measurement itself is valid.
 */
export async function stableHistory(
  job: Job,
  queries: ErrorRateQueries,
  { client, byPod, bytesPerMs }: { client: PrometheusClient; byPod: boolean; bytesPerMs: number },
): Promise<History | undefined> {
  const bad = renderQuery(queries.bad, job.variables.stable);
  const total = renderQuery(queries.total, job.variables.stable);
  if (!bad.ok || !total.ok) return undefined;
  const span = byPod ? historyMs(podNames(job, 'stable').length) : historyMs(Infinity);
  const ticks = ticksBefore(job.window, span);
  const errors = new Cells(ticks, isSelector(bad.query));
  const all = new Cells(ticks, isSelector(total.query));
  const whole = await eachPiece([bad.query, total.query], { client, ticks, bytesPerMs }, (piece) => {
    errors.add(piece, piece.answers[0] ?? []);
    all.add(piece, piece.answers[1] ?? []);
    return true;
  });
  const first = all.sums.findIndex((n) => n > 0);
  if (!whole || first === -1) return undefined;
  const counts = (totals: readonly number[], bads: readonly number[] = []): Counts[] =>
    totals.map((n, i) => ({ total: n, bad: Math.min(n, bads[i] ?? 0) })).slice(first);
  const history = { stable: counts(all.sums, errors.sums) };
  if (!byPod) return history;
  const pods = [...all.pods].map(([pod, sums]) => [pod, counts(sums, errors.pods.get(pod))] as const);
  return { ...history, pods: Object.fromEntries(pods) };
}

/** Without the samples that cannot be counts. */
const possible = (series: Series): Series => ({
  ...series,
  samples: series.samples.filter(({ value }) => isCount(value)),
});

/** Increase per window, over all series and pod by pod. */
class Cells {
  readonly sums: number[];
  readonly pods = new Map<string, number[]>();
  readonly #ticks: Ticks;
  readonly #raw: boolean;

  constructor(ticks: Ticks, raw: boolean) {
    this.#ticks = ticks;
    this.#raw = raw;
    this.sums = this.#zeros();
  }

  add({ window, seen }: Piece, series: readonly Series[]): void {
    for (const one of series) {
      const pod = podOf(one);
      const own = pod === undefined ? [] : (this.pods.get(pod) ?? this.#zeros());
      if (pod !== undefined) this.pods.set(pod, own);
      for (const { timeMs, by } of increments(possible(one), { window, seen, raw: this.#raw })) {
        const i = tickOf(timeMs, this.#ticks);
        this.sums[i] = (this.sums[i] ?? 0) + by;
        own[i] = (own[i] ?? 0) + by;
      }
    }
  }

  #zeros(): number[] {
    return new Array<number>(this.#ticks.count).fill(0);
  }
}
