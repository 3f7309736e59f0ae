import type { Measurement, Window } from '../../api/analysis.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { kindOfMetric } from '../judge/kinds.ts';
import { bad, type Job } from './job.ts';
import type { Session } from './source.ts';

/** More ticks would take longer to judge, and tell little more. */
const MOST_TICKS = 30;

/** Equal parts of a window, each a multiple of the interval. */
export function tickFor({ startMs, endMs }: Window, intervalMs: number): number {
  const intervals = Math.max(1, Math.ceil((endMs - startMs) / intervalMs));
  return intervalMs * Math.ceil(intervals / MOST_TICKS);
}

/**
 * The counts of both arms by the label of the metric's breakdown, over the window of the job, which grows at its
 * beginning to whole ticks. Undefined: the source cannot be asked for that.
 */
export function askByLabel(
  job: Job,
  { metric, intervalMs, session }: { metric: Metric; intervalMs: number; session: Session },
): Promise<Measurement> | undefined {
  const kind = kindOfMetric(metric);
  const { asks } = kind;
  const wanted = kind.brokenDown?.(metric);
  const queries = asks.form === 'counts' ? asks.of(metric) : undefined;
  if (wanted === undefined || queries === undefined) {
    const sentence = 'the metric has no breakdown, or neither queries nor a resolved preset';
    return Promise.resolve(bad(job, 'badQuery', sentence));
  }
  const tickMs = tickFor(job.window, intervalMs);
  const { startMs, endMs } = job.window;
  const window = { startMs: endMs - Math.ceil((endMs - startMs) / tickMs) * tickMs, endMs };
  return session.byLabel?.({ ...job, window }, { queries, by: wanted.by, tickMs });
}
