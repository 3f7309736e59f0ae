import { createPrometheusClient } from '../../analysis/measure/prometheus.ts';
import { measure } from '../../analysis/measure/measure.ts';
import type { Measurement } from '../../api/analysis.ts';
import type { BoundTemplate, Metric } from '../../api/template.ts';
import { recordedTemplates } from '../../controller/facts/records.ts';
import { trafficVariables } from '../../providers/index.ts';
import type { Checked } from './look.ts';

/** Long enough for a quiet service to have had a request, short enough to be of now. */
const WINDOW_MS = 5 * 60_000;

/** What the queries of a template say of the stable version. */
export interface Asked {
  metric: string;
  ok: boolean;
  sentence: string;
}

/** Asks every query of the stable arm over the last five minutes; `endpoints`: base URLs by name. None: nothing is asked. */
export async function askQueries(
  { facts, release }: Checked,
  endpoints: ReadonlyMap<string, string>,
  nowMs: number,
): Promise<Asked[]> {
  if (endpoints.size === 0) return [];
  const templates = release === undefined ? undefined : recordedTemplates(release);
  const context = facts?.traffic?.context;
  if (facts?.target === undefined || templates === undefined || context === undefined) return [];
  const pods = facts.target.replicaSets.flatMap((set) => set.pods.map(({ name }) => name)).join(',');
  const clients = new Map(
    [...endpoints].map(([name, url]) => [name, createPrometheusClient({ url })] as const),
  );
  const variables = {
    ...trafficVariables(context),
    // There is no canary yet: what is asked of it is asked of the stable version.
    canaryService: context.stableService.metadata.name,
    canaryDeployment: context.target,
    release: '',
    stablePods: pods,
    canaryPods: pods,
  };
  try {
    const window = { startMs: nowMs - WINDOW_MS, endMs: nowMs };
    const measured = await measure({ window, variables, templates: templates.map(stableOnly) }, clients);
    return measured.map(told);
  } finally {
    for (const client of clients.values()) client.close();
  }
}

function stableOnly(bound: BoundTemplate): BoundTemplate {
  const metrics = bound.template.metrics.map((metric): Metric => {
    if (metric.type !== 'errorRate' && metric.type !== 'latency') return metric;
    if (metric.queries === undefined) return metric;
    const { stable } = metric.queries;
    return { ...metric, queries: { stable, canary: stable } } as Metric;
  });
  return { ...bound, template: { ...bound.template, metrics } };
}

function told(measured: Measurement): Asked {
  const { metric } = measured;
  if (measured.outcome !== 'ok') return { metric, ok: false, sentence: measured.sentence };
  switch (measured.kind) {
    case 'errorRate': {
      const { total, bad } = measured.stable;
      return {
        metric,
        ok: true,
        sentence: `${round(total)} requests of stable in 5 minutes, ${round(bad)} bad`,
      };
    }
    case 'latency': {
      const { counts } = measured.stable;
      const total = counts.reduce((sum, count) => sum + count, 0);
      return { metric, ok: true, sentence: `${round(total)} requests of stable in ${counts.length} buckets` };
    }
    default:
      return { metric, ok: true, sentence: `stable has the value ${measured.stable ?? measured.canary}` };
  }
}

const round = (count: number): string => String(Number(count.toFixed(1)));
