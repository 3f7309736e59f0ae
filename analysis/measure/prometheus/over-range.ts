import type { Window } from '../../../api/analysis.ts';
import type { Series } from './answer.ts';
import type { Failure, PrometheusClient } from './client.ts';
import { samplesOver } from '../../promql/range.ts';

/** Samples this long before the window are read where it matters what was before, and of what is not a raw counter. */
export const LOOKBACK_MS = 5 * 60_000;
/** One scrape of the usual intervals, and the one before it in case it was missed. */
const FEWEST_NEAR_MS = 30_000;
const STEPS_PER_TICK = 3;
const FEWEST_STEP_MS = 1000;

/**
 * How long before the window each raw counter has a sample if scraping goes on: a window can be measured only if it is no
 * shorter than the scrape interval.
 */
export const nearMs = ({ startMs, endMs }: Window): number =>
  Math.min(LOOKBACK_MS, Math.max(FEWEST_NEAR_MS, endMs - startMs));

export interface RangeOptions {
  tickMs?: number;
  lookbackMs?: number;
  bulk?: boolean;
}

/**
 * Every series of the query over the window and the lookback; for a union `a or b`, the series of each part, united as
 * `or` does it. A query that is not a selector is asked for its value at instants a third of `tickMs` apart.
 */
export async function askOverRange(
  client: PrometheusClient,
  query: string,
  { startMs, endMs }: Window,
  { tickMs = endMs - startMs, lookbackMs = LOOKBACK_MS, bulk = false }: RangeOptions = {},
): Promise<{ ok: true; series: Series[] } | Failure> {
  const stepMs = Math.max(FEWEST_STEP_MS, Math.floor(tickMs / STEPS_PER_TICK / 1000) * 1000);
  const ranges = samplesOver(query, endMs - startMs + lookbackMs, stepMs);
  const answers = await Promise.all(ranges.map((range) => client.instant(range, endMs, { bulk })));
  const series: Series[][] = [];
  for (const answer of answers) {
    if (!answer.ok) return answer;
    series.push(answer.series);
  }
  return { ok: true, series: series.reduce(united, []) };
}

/** As in PromQL: of two series with the same labels (except the metric's name) the first counts. */
function united(left: Series[], right: Series[]): Series[] {
  if (left.length === 0) return right;
  const there = new Set(left.map(identity));
  return [...left, ...right.filter((series) => !there.has(identity(series)))];
}

function identity({ labels }: Series): string {
  const named = Object.entries(labels).filter(([name]) => name !== '__name__');
  return JSON.stringify(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}
