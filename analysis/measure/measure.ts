import { SHARE, type Measurement, type ShareQueries } from '../../api/analysis.ts';
import type { MeasureRequest } from '../../api/measuring.ts';
import type { BoundMetric } from '../../api/bound.ts';
import { metricsOf } from '../../api/bound.ts';
import { getString } from '../../lib/json.ts';
import { armVariables, type Arm } from '../../api/query.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { measureErrorRate } from './error-rate.ts';
import type { Job } from './job.ts';
import { bad } from './job.ts';
import { fencedClient } from './fenced.ts';
import { measureLatency } from './latency.ts';
import type { Answer, PrometheusClient } from './prometheus.ts';
import { measureSeries } from './series.ts';
import { measureShare } from './share.ts';
import { measureThreshold } from './threshold.ts';

/**
 * Measures every metric of a release over one closed window, both arms over the same one. Exactly one measurement per
 * metric, and one of the share if that is asked for; whatever goes wrong is one without numbers, and nothing is thrown.
 */
export function measure(
  request: MeasureRequest,
  endpoints: ReadonlyMap<string, PrometheusClient>,
): Promise<Measurement[]> {
  const { namespace } = request.variables;
  const once = new Map([...endpoints].map(([name, client]) => [name, askedOnce(client, namespace)] as const));
  const metrics = metricsOf(request.templates).map((bound) => measureOne(bound, request, once));
  return Promise.all([
    ...metrics,
    ...(request.share === undefined ? [] : [shareOf(request, request.share, once)]),
  ]);
}

/** The counters of the share are often those of a metric as well. Every query is asked in the name of the target's namespace. */
function askedOnce(client: PrometheusClient, namespace: string | undefined): PrometheusClient {
  const asked = new Map<string, Promise<Answer>>();
  return {
    instant(promql, timeMs, options) {
      const asTenant = { ...options, namespace };
      if (options?.bulk === true) return client.instant(promql, timeMs, asTenant);
      const key = `${timeMs} ${promql}`;
      const answer = asked.get(key) ?? client.instant(promql, timeMs, asTenant);
      asked.set(key, answer);
      return answer;
    },
    close: () => {
      client.close();
    },
  };
}

/** Queries of a template are asked as its metric is. */
function shareOf(
  { window, variables, templates }: MeasureRequest,
  share: ShareQueries,
  endpoints: ReadonlyMap<string, PrometheusClient>,
): Promise<Measurement> {
  const of = metricsOf(templates).find(({ key }) => key === share.metric);
  const job = jobOf(SHARE, { window }, { ...variables, ...(of === undefined ? {} : argumentsOf(of.bound)) });
  const client = endpoints.get(share.prometheus);
  return client === undefined
    ? Promise.resolve(notConfigured(job, share.prometheus))
    : measureShare(job, share, of === undefined ? client : limited(client, of));
}

const limited = (client: PrometheusClient, { metric, bound }: BoundMetric): PrometheusClient =>
  bound.fence?.metrics.includes(metric.name) === true ? fencedClient(client, bound.fence) : client;

function jobOf(
  key: string,
  { window, stableOnly }: Pick<MeasureRequest, 'window' | 'stableOnly'>,
  variables: Readonly<Record<string, string>>,
): Job {
  const length = window.endMs - window.startMs;
  const arms: Job['arms'] = { canary: stableOnly === true ? 'stable' : 'canary', stable: 'stable' };
  const of = (arm: Arm) => armVariables(variables, arm, length);
  return {
    key,
    window,
    calibrate: false,
    arms,
    variables: { canary: of(arms.canary), stable: of(arms.stable) },
  };
}

const notConfigured = (job: Job, name: string): Measurement =>
  bad(job, 'serverError', `no Prometheus named "${name}" is configured`);

async function measureOne(
  { key, metric, bound }: BoundMetric,
  { variables, calibrate = false, ...request }: MeasureRequest,
  endpoints: ReadonlyMap<string, PrometheusClient>,
): Promise<Measurement> {
  const job = { ...jobOf(key, request, { ...variables, ...argumentsOf(bound) }), calibrate };
  const open = endpoints.get(bound.template.prometheus);
  if (open === undefined) return notConfigured(job, bound.template.prometheus);
  const client = limited(open, { key, metric, bound });
  switch (metric.type) {
    case 'errorRate':
      return measureErrorRate(job, metric, client);
    case 'latency':
      return measureLatency(job, metric, client);
    case 'series':
      return measureSeries(job, metric, client);
    case 'threshold':
      return measureThreshold(job, metric, client);
  }
}

/** The template's own defaults, then what the policy gives. */
function argumentsOf({ template, use }: BoundTemplate): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, value } of template.args) {
    const given = getString(use.args, name) ?? value;
    if (given !== undefined) values[`args.${name}`] = given;
  }
  return values;
}
