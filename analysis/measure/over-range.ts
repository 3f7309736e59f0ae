import type { Window } from '../../api/analysis.ts';
import type { Series } from './answer.ts';
import type { Failure, PrometheusClient } from './prometheus.ts';
import { overRange } from './selector.ts';

export interface RangeOptions {
  tickMs?: number;
  lookbackMs?: number;
  bulk?: boolean;
}

/** Every series of the query over the window and the lookback; of a union `a or b` those of each part, as `or` unites them. */
export async function askOverRange(
  client: PrometheusClient,
  query: string,
  window: Window,
  { bulk, ...reach }: RangeOptions = {},
): Promise<{ ok: true; series: Series[] } | Failure> {
  const how = bulk === undefined ? {} : { bulk };
  const answers = await Promise.all(
    overRange(query, window, reach).map((range) => client.instant(range, window.endMs, how)),
  );
  const series: Series[][] = [];
  for (const answer of answers) {
    if (!answer.ok) return answer;
    series.push(answer.series);
  }
  return { ok: true, series: series.reduce(united, []) };
}

/** As in PromQL: of two series with the same labels (but the metric's name) the first counts. */
function united(left: Series[], right: Series[]): Series[] {
  if (left.length === 0) return right;
  const there = new Set(left.map(identity));
  return [...left, ...right.filter((series) => !there.has(identity(series)))];
}

function identity({ labels }: Series): string {
  const named = Object.entries(labels).filter(([name]) => name !== '__name__');
  return JSON.stringify(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}
