import { SHARE, type Measurement, type ShareQueries } from '../../api/analysis.ts';
import type { BoundMetric } from '../../api/bound.ts';
import { metricsOf } from '../../api/bound.ts';
import type { MeasureRequest } from '../../api/measuring.ts';
import { armVariables, type Arm } from '../../api/query.ts';
import { endpointOf } from '../../api/kinds/template/source.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { getString } from '../../lib/json.ts';
import { kindOfMetric } from '../judge/kinds.ts';
import { askByLabel } from './by-label.ts';
import { bad, type Job } from './job.ts';
import { measureNumbers } from './numbers.ts';
import type { Endpoint, Heard, Session } from './source.ts';

/** End points by the name that templates use, "prometheus/default". */
export type Endpoints = ReadonlyMap<string, Endpoint>;

/**
 * Measures every metric of a release over one closed window, both arms over the same one. Exactly one measurement per
 * metric, and one of the share if that is asked for; if anything goes wrong the measurement has no numbers; nothing is
 * thrown.
 */
export function measure(
  request: MeasureRequest,
  endpoints: Endpoints,
  heard?: Heard,
): Promise<Measurement[]> {
  const sessions = new Map<string, Session>();
  const open = (name: string): Session | undefined => {
    const session =
      sessions.get(name) ?? endpoints.get(name)?.session(request.variables['namespace'] ?? '', heard);
    if (session !== undefined) sessions.set(name, session);
    return session;
  };
  const { share, byLabel } = request;
  const metrics = metricsOf(request.templates).filter(({ key }) => byLabel?.includes(key) !== false);
  return Promise.all([
    ...metrics.map((bound) => measureOne(bound, request, open)),
    ...(share === undefined ? [] : [shareOf(request, share, open)]),
  ]);
}

type Open = (name: string) => Session | undefined;

/** Queries of a template are asked in the same way as its metric. */
function shareOf(
  { window, variables, templates }: MeasureRequest,
  share: ShareQueries,
  open: Open,
): Promise<Measurement> {
  const of = metricsOf(templates).find(({ key }) => key === share.metric);
  const own = of === undefined ? {} : argumentsOf(of.bound);
  const job = {
    ...jobOf(SHARE, { window }, { ...variables, ...own }),
    ...(of === undefined ? {} : fenceOf(of)),
  };
  const session = open(share.source);
  if (session === undefined) return Promise.resolve(notConfigured(job, share.source));
  return session.share?.(job, share) ?? Promise.resolve(notServed(job, share.source, 'share'));
}

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

const fenceOf = ({ metric, bound: { fence } }: BoundMetric): Pick<Job, 'fence'> =>
  fence?.metrics.includes(metric.name) === true ? { fence } : {};

const notConfigured = (job: Job, name: string): Measurement =>
  bad(job, 'serverError', `the controller has no end point ${name}; start it with --source ${name}=<url>`);

const notServed = (job: Job, name: string, asked: string): Measurement =>
  bad(job, 'badQuery', `${name} has no ${asked}; ask another source for it`);

async function measureOne(
  bound: BoundMetric,
  { variables, calibrate = false, byLabel, ...request }: MeasureRequest,
  open: Open,
): Promise<Measurement> {
  const { key, metric, bound: of } = bound;
  const base = jobOf(key, request, { ...variables, ...argumentsOf(of) });
  const job: Job = { ...base, calibrate, ...fenceOf(bound) };
  const name = endpointOf(of.template);
  const session = open(name);
  if (session === undefined) return notConfigured(job, name);
  if (byLabel === undefined) return (await ask(job, metric, session)) ?? notServed(job, name, metric.type);
  const { intervalMs } = of.template;
  return (await askByLabel(job, { metric, intervalMs, session })) ?? notServed(job, name, 'breakdown');
}

/** Undefined: the source cannot be asked for that. */
async function ask(job: Job, metric: Metric, session: Session): Promise<Measurement | undefined> {
  const { asks } = kindOfMetric(metric);
  switch (asks.form) {
    case 'counts': {
      const queries = asks.of(metric);
      return queries === undefined ? withoutQueries(job) : session.counts?.(job, queries);
    }
    case 'histograms': {
      const queries = asks.of(metric);
      return queries === undefined ? withoutQueries(job) : session.histograms?.(job, queries);
    }
    case 'numbers':
      return measureNumbers(job, asks.of(metric), session);
  }
}

const withoutQueries = (job: Job): Measurement =>
  bad(job, 'badQuery', 'the metric has neither queries nor a resolved preset');

/** The template's own defaults, then what the policy gives. */
function argumentsOf({ template, use }: BoundTemplate): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, value } of template.args) {
    const given = getString(use.args, name) ?? value;
    if (given !== undefined) values[`args.${name}`] = given;
  }
  return values;
}
