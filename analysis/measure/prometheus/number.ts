import type { Measurement } from '../../../api/analysis.ts';
import { renderQuery } from '../../../api/query.ts';
import type { Job } from '../job.ts';
import { bad, failed, finite } from '../job.ts';
import type { NumberQuery } from '../source.ts';
import type { PrometheusClient } from './client.ts';

/**
 * The one finite number that a query returns at the end of the window, or the measurement that says why there is no such
 * number.
 */
export async function askNumber(
  job: Job,
  { arm, text, nan }: NumberQuery,
  client: PrometheusClient,
): Promise<number | Measurement> {
  const name = job.arms[arm];
  const rendered = renderQuery(text, job.variables[arm]);
  if (!rendered.ok) {
    return bad(job, rendered.problem === 'empty' ? 'noData' : 'badQuery', `${name}: ${rendered.sentence}`);
  }
  const answer = await client.instant(rendered.query, job.window.endMs);
  if (!answer.ok) return failed(job, answer, name);
  if (answer.range === true) {
    return bad(job, 'badQuery', `${name}: the query returns a range; wrap it in a function such as rate(…)`);
  }
  const [first, ...others] = answer.series;
  if (first === undefined) return bad(job, 'noData', `${name}: the query returns no series`);
  if (others.length > 0) {
    const sentence = `${name}: the query returns ${answer.series.length} series where one is needed; aggregate it, e.g. with sum(…)`;
    return bad(job, 'severalSeries', sentence);
  }
  const [sample] = first.samples;
  if (sample === undefined) return bad(job, 'noData', `${name}: the query returns a series without a sample`);
  if (!Number.isNaN(sample.value)) return finite(sample.value);
  return nan === 'zero' ? 0 : bad(job, 'nan', `${name}: the query returns NaN`);
}
