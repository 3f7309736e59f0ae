import type { Measurement } from '../../api/analysis.ts';
import type { SeriesMetric } from '../../api/kinds/template/kinds/series.ts';
import { bad, isEndless, queryOf, type Job } from './job.ts';
import type { Session } from './source.ts';

/** One number per arm at the end of the window. */
export async function measureSeries(job: Job, metric: SeriesMetric, session: Session): Promise<Measurement> {
  const nan = metric.nan === 'zero' ? 'zero' : 'refuse';
  const [canary, stable] = await Promise.all([
    session.number(job, { arm: 'canary', text: queryOf(metric, job.arms.canary), nan }),
    session.number(job, { arm: 'stable', text: queryOf(metric, 'stable'), nan }),
  ]);
  if (typeof canary !== 'number') return canary;
  if (typeof stable !== 'number') return stable;
  const endless = isEndless(canary) ? 'canary' : isEndless(stable) ? 'stable' : undefined;
  // means and ranks of a series with such a value would say nothing
  if (endless !== undefined) return bad(job, 'nan', `${endless}: the query returns an infinite value`);
  return { metric: job.key, window: job.window, outcome: 'ok', kind: 'series', canary, stable };
}
