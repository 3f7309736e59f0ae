import type { Measurement, Window } from '../../../api/analysis.ts';
import type { Arm } from '../../../api/query.ts';
import { renderQuery } from '../../../api/query.ts';
import { isSelector } from '../../promql/selector.ts';
import type { Series } from './answer.ts';
import type { Timeline } from './deltas.ts';
import { hasSampleInside } from './deltas.ts';
import type { Job } from '../job.ts';
import { bad, failed, nameOf } from '../job.ts';
import type { PrometheusClient } from './client.ts';
import { askOverRange } from './over-range.ts';

export const ARMS = ['canary', 'stable'] as const;

/** One arm's answer over the window and the lookback. */
export interface Samples {
  /** samples of the counters themselves, not values of an expression */
  raw: boolean;
  series: Series[];
}

export interface CounterQuery {
  arm: Arm;
  text: string;
  /** for sentences: which query of the arm */
  what: string;
}

export async function askCounter(
  job: Job,
  { arm, text, what }: CounterQuery,
  client: PrometheusClient,
): Promise<Samples | { failure: Measurement }> {
  const rendered = renderQuery(text, job.variables[arm]);
  if (!rendered.ok) {
    const outcome = rendered.problem === 'empty' ? 'noData' : 'badQuery';
    return { failure: bad(job, outcome, `${what}: ${rendered.sentence}`) };
  }
  const raw = isSelector(rendered.query);
  const answer = await askOverRange(client, rendered.query, job.window);
  if (!answer.ok) return { failure: failed(job, answer, what) };
  return { raw, series: answer.series };
}

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
