import type { Measurement } from '../../api/analysis.ts';
import type { ThresholdMetric } from '../../api/kinds/template/kinds/threshold.ts';
import { bad, isEndless, queryOf, type Job } from './job.ts';
import type { Session } from './source.ts';

/** One number for the canary, and one for stable where a condition names it, at the end of the window. */
export async function measureThreshold(
  job: Job,
  metric: ThresholdMetric,
  session: Session,
): Promise<Measurement> {
  const needsStable = /\bstable\b/.test(`${metric.success ?? ''} ${metric.failure ?? ''}`);
  const nan = metric.nan === 'zero' ? 'zero' : 'refuse';
  const [canary, stable] = await Promise.all([
    session.number(job, { arm: 'canary', text: queryOf(metric, job.arms.canary), nan }),
    needsStable ? session.number(job, { arm: 'stable', text: queryOf(metric, 'stable'), nan }) : undefined,
  ]);
  if (typeof canary !== 'number') return canary;
  if (stable !== undefined && typeof stable !== 'number') return stable;
  if (stable !== undefined && isEndless(canary) && isEndless(stable)) {
    return bad(job, 'nan', 'canary and stable are both infinite, which cannot be compared');
  }
  const base = { metric: job.key, window: job.window, outcome: 'ok', kind: 'threshold', canary } as const;
  return stable === undefined ? base : { ...base, stable };
}
