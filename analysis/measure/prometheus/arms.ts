import type { Measurement, Window } from '../../../api/analysis.ts';
import type { Arm } from '../../../api/query.ts';
import { renderQuery } from '../../../api/query.ts';
import { isSelector } from '../../promql/selector.ts';
import type { Series } from './answer.ts';
import type { Timeline } from './deltas.ts';
import { beginsInside, hasSampleInside } from './deltas.ts';
import { impossibleIn } from './impossible.ts';
import type { Job } from '../job.ts';
import { bad, failed, nameOf } from '../job.ts';
import type { PrometheusClient } from './client.ts';
import { askOverRange, LOOKBACK_MS, nearMs } from './over-range.ts';
import { timesOf } from './timeline.ts';

export const ARMS = ['canary', 'stable'] as const;

/** One arm's answer over the window and the time before it. */
export interface Samples {
  /** samples of the counters themselves, not values of an expression */
  raw: boolean;
  series: Series[];
  /** how long before the window they reach */
  lookbackMs: number;
}

export interface CounterQuery {
  arm: Arm;
  text: string;
  /** for sentences: which query of the arm */
  what: string;
  /** most of the time it has no series, and that means 0 */
  mayBeEmpty?: true;
}

/**
 * Samples of counters. Raw ones are asked for as short as tells where each counter stood when the window began; longer
 * only if that leaves open what was before: a series begins inside the window, or there is none.
 */
export async function askCounter(
  job: Job,
  { arm, text, what, mayBeEmpty }: CounterQuery,
  client: PrometheusClient,
): Promise<Samples | { failure: Measurement }> {
  const rendered = renderQuery(text, job.variables[arm]);
  if (!rendered.ok) {
    const outcome = rendered.problem === 'empty' ? 'noData' : 'badQuery';
    return { failure: bad(job, outcome, `${what}: ${rendered.sentence}`) };
  }
  const { window } = job;
  const ask = (lookbackMs: number) => askOverRange(client, rendered.query, window, { lookbackMs });
  const raw = isSelector(rendered.query);
  let lookbackMs = raw ? nearMs(window) : LOOKBACK_MS;
  let answer = await ask(lookbackMs);
  if (answer.ok && lookbackMs < LOOKBACK_MS && isOpen(answer.series, window, mayBeEmpty)) {
    lookbackMs = LOOKBACK_MS;
    answer = await ask(lookbackMs);
  }
  if (!answer.ok) return { failure: failed(job, answer, what) };
  const impossible = impossibleIn(answer.series, window);
  if (impossible !== undefined) return { failure: bad(job, 'nan', `${what}: ${impossible}`) };
  return { raw, series: answer.series, lookbackMs };
}

/** May samples from longer ago change what is counted? */
const isOpen = (series: readonly Series[], window: Window, mayBeEmpty = false): boolean =>
  series.length === 0 ? !mayBeEmpty : series.some((one) => beginsInside(timesOf(one), window));

/** Why nothing is known about the arm's requests; undefined: something is. `what` was asked for. */
export function missingRequests(
  { arm, what }: { arm: Arm; what: string },
  series: readonly Timeline[],
  window: Window,
): string | undefined {
  if (series.length === 0)
    return `Prometheus knows no requests of ${nameOf(arm)}: the query for ${what} returns no series`;
  if (hasSampleInside(series, window)) return undefined;
  return `Prometheus has no new sample of ${nameOf(arm)} in this window: scraping stopped, or is rarer than the interval`;
}

export function fallenSentence(what: string): string {
  return `${what}: the value fell within the last minutes and rises again, which may be old requests coming back; ask for the counter itself, without sum(…)`;
}
