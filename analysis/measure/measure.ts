import type { Measurement, Window } from '../../api/analysis.ts';
import type { BoundMetric } from '../../api/bound.ts';
import { metricsOf } from '../../api/bound.ts';
import { getString } from '../../api/json.ts';
import { armVariables } from '../../api/query.ts';
import type { BoundTemplate } from '../../api/template.ts';
import { measureErrorRate } from './error-rate.ts';
import type { Job } from './job.ts';
import { bad } from './job.ts';
import { measureLatency } from './latency.ts';
import type { PrometheusClient } from './prometheus.ts';
import { measureSeries } from './series.ts';
import { measureThreshold } from './threshold.ts';

/** What is to be measured; plain JSON, so it can travel to another process. */
export interface MeasureRequest {
  window: Window;
  /** presets already resolved into queries (api/bound.ts) */
  templates: readonly BoundTemplate[];
  /** variables for query templates, unescaped (api/query.ts); lists are separated by commas */
  variables: Readonly<Record<string, string>>;
  /** also fetch what the stable arm did in the last hour; wanted once per release (judge's `wantsHistory`) */
  calibrate?: boolean;
}

/**
 * Measures every metric of a release over one closed window, both arms over the same one. Exactly one measurement per
 * metric; whatever goes wrong is one without numbers, and nothing is thrown.
 */
export function measure(
  request: MeasureRequest,
  endpoints: ReadonlyMap<string, PrometheusClient>,
): Promise<Measurement[]> {
  return Promise.all(metricsOf(request.templates).map((bound) => measureOne(bound, request, endpoints)));
}

async function measureOne(
  { key, metric, bound }: BoundMetric,
  { window, variables, calibrate = false }: MeasureRequest,
  endpoints: ReadonlyMap<string, PrometheusClient>,
): Promise<Measurement> {
  const all = { ...variables, ...argumentsOf(bound) };
  const length = window.endMs - window.startMs;
  const job: Job = {
    key,
    window,
    calibrate,
    variables: { canary: armVariables(all, 'canary', length), stable: armVariables(all, 'stable', length) },
  };
  const client = endpoints.get(bound.template.prometheus);
  if (client === undefined) {
    return bad(job, 'serverError', `no Prometheus named "${bound.template.prometheus}" is configured`);
  }
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
