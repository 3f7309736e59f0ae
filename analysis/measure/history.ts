import type { Counts, History, Window } from '../../api/analysis.ts';
import { renderQuery } from '../../api/query.ts';
import type { ErrorRateQueries } from '../../api/template.ts';
import type { Series } from './answer.ts';
import { firstSeen, increments } from './deltas.ts';
import type { Job } from './job.ts';
import { podNames, podOf } from './pods.ts';
import type { PrometheusClient } from './prometheus.ts';
import { isSelector, overRange } from './selector.ts';

const MINUTE_MS = 60_000;

/** The fewer pods there are to learn from, the longer the history has to be. */
function historyMs(pods: number): number {
  if (pods >= 19) return 60 * MINUTE_MS;
  return (pods >= 10 ? 120 : 180) * MINUTE_MS;
}

/**
 * What the stable arm did in the hours before the window, cut into windows of the same length; `byPod` (the series are of the
 * arm's own pods) also pod by pod, pods that are gone included. `undefined` if Prometheus cannot tell (no answer, too large
 * an answer): calibration is then weaker, the measurement itself stands.
 */
export async function stableHistory(
  job: Job,
  queries: ErrorRateQueries,
  { client, byPod }: { client: PrometheusClient; byPod: boolean },
): Promise<History | undefined> {
  const span = byPod ? historyMs(podNames(job, 'stable').length) : historyMs(Infinity);
  const ticks = ticksBefore(job.window, span);
  const bad = await ask(job, queries.bad, { client, ticks });
  const total = await ask(job, queries.total, { client, ticks });
  if (bad === undefined || total === undefined) return undefined;
  const seen = firstSeen([...bad.series, ...total.series]);
  const count = (of: (series: Series) => boolean): Counts[] => {
    const errors = cells({ ...bad, series: bad.series.filter(of) }, ticks, seen);
    const all = cells({ ...total, series: total.series.filter(of) }, ticks, seen);
    return all.map((n, i) => ({ total: n, bad: Math.min(n, errors[i] ?? 0) }));
  };
  const stable = count(() => true);
  const first = stable.findIndex(({ total: n }) => n > 0);
  if (first === -1) return undefined;
  const history = { stable: stable.slice(first) };
  if (!byPod) return history;
  const names = new Set(total.series.map(podOf).filter((name) => name !== undefined));
  const pods = [...names].map((pod) => [pod, count((series) => podOf(series) === pod).slice(first)] as const);
  return { ...history, pods: Object.fromEntries(pods) };
}

interface Ticks {
  whole: Window;
  tickMs: number;
  count: number;
}

/** The windows as long as this one that fit into the time before it. */
function ticksBefore({ startMs, endMs }: Window, spanMs: number): Ticks {
  const tickMs = endMs - startMs;
  const count = Math.max(1, Math.floor(spanMs / tickMs));
  return { whole: { startMs: startMs - count * tickMs, endMs: startMs }, tickMs, count };
}

interface Asked {
  series: Series[];
  raw: boolean;
}

async function ask(
  job: Job,
  text: string,
  { client, ticks }: { client: PrometheusClient; ticks: Ticks },
): Promise<Asked | undefined> {
  const rendered = renderQuery(text, job.variables.stable);
  if (!rendered.ok) return undefined;
  const answer = await client.instant(
    overRange(rendered.query, ticks.whole, ticks.tickMs),
    ticks.whole.endMs,
  );
  return answer.ok ? { series: answer.series, raw: isSelector(rendered.query) } : undefined;
}

/** Increase per window, summed over the series. */
function cells(
  { series, raw }: Asked,
  { whole, tickMs, count }: Ticks,
  seen: ReadonlyMap<string, number>,
): number[] {
  const sums = new Array<number>(count).fill(0);
  for (const one of series) {
    for (const { timeMs, by } of increments(one, { window: whole, seen, raw })) {
      const i = Math.ceil((timeMs - whole.startMs) / tickMs) - 1;
      sums[i] = (sums[i] ?? 0) + by;
    }
  }
  return sums;
}
