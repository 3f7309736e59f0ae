import type { Measurement } from '../../api/analysis.ts';
import type { Arm } from '../../api/query.ts';
import { renderQuery } from '../../api/query.ts';
import type { ThresholdMetric } from '../../api/template.ts';
import type { Job } from './job.ts';
import { bad, failed } from './job.ts';
import type { PrometheusClient } from './prometheus.ts';

/** One number for the canary, and one for stable where a condition names it, at the end of the window. */
export async function measureThreshold(
  job: Job,
  metric: ThresholdMetric,
  client: PrometheusClient,
): Promise<Measurement> {
  const needsStable = /\bstable\b/.test(`${metric.success ?? ''} ${metric.failure ?? ''}`);
  const [canary, stable] = await Promise.all([
    askNumber(job, { arm: 'canary', text: metric.query }, metric, client),
    needsStable
      ? askNumber(job, { arm: 'stable', text: metric.stableQuery ?? metric.query }, metric, client)
      : undefined,
  ]);
  if (typeof canary !== 'number') return canary;
  if (stable !== undefined && typeof stable !== 'number') return stable;
  const base = { metric: job.key, window: job.window, outcome: 'ok', kind: 'threshold', canary } as const;
  return stable === undefined ? base : { ...base, stable };
}

async function askNumber(
  job: Job,
  { arm, text }: { arm: Arm; text: string },
  metric: ThresholdMetric,
  client: PrometheusClient,
): Promise<number | Measurement> {
  const rendered = renderQuery(text, job.variables[arm]);
  if (!rendered.ok) {
    return bad(job, rendered.problem === 'empty' ? 'noData' : 'badQuery', `${arm}: ${rendered.sentence}`);
  }
  const answer = await client.instant(rendered.query, job.window.endMs);
  if (!answer.ok) return failed(job, answer, arm);
  if (answer.range === true) {
    return bad(job, 'badQuery', `${arm}: the query returns a range; wrap it in a function such as rate(…)`);
  }
  const [first, ...others] = answer.series;
  if (first === undefined) return bad(job, 'noData', `${arm}: the query returns no series`);
  if (others.length > 0) {
    const sentence = `${arm}: the query returns ${answer.series.length} series where one is needed; aggregate it, e.g. with sum(…)`;
    return bad(job, 'severalSeries', sentence);
  }
  const [sample] = first.samples;
  if (sample === undefined) return bad(job, 'noData', `${arm}: the query returns a series without a sample`);
  if (!Number.isNaN(sample.value)) return sample.value;
  return metric.nan === 'zero' ? 0 : bad(job, 'nan', `${arm}: the query returns NaN`);
}
