import type { Measurement } from '../../api/analysis.ts';
import type { LatencyMetric } from '../../api/template.ts';
import type { Job } from './job.ts';
import { bad } from './job.ts';
import type { PrometheusClient } from './prometheus.ts';

/** To be written; the parser refuses such metrics until then. */
export function measureLatency(
  job: Job,
  metric: LatencyMetric,
  client: PrometheusClient,
): Promise<Measurement> {
  void client;
  return Promise.resolve(bad(job, 'badQuery', `${metric.type} is not measured yet`));
}
