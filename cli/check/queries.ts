import type { PrometheusClient } from '../../analysis/measure/prometheus.ts';
import { createPrometheusClient } from '../../analysis/measure/prometheus.ts';
import { measure } from '../../analysis/measure/measure.ts';
import { repeatedSeries } from '../../analysis/measure/repeated.ts';
import type { Measurement } from '../../api/analysis.ts';
import { metricsOf } from '../../api/bound.ts';
import { recordedTemplates } from '../../release/facts/records.ts';
import { trafficVariables } from '../../providers/index.ts';
import type { Checked } from './look.ts';

/** Long enough for a quiet service to have had a request, short enough to be of now. */
const WINDOW_MS = 5 * 60_000;

/** What the queries of a template say of the stable version. */
export interface Asked {
  metric: string;
  /** refused: no release can ever measure it so; unknown: it may have data later */
  state: 'known' | 'unknown' | 'refused';
  sentence: string;
  /** what Prometheus refused, and its own words about it */
  query?: string;
  said?: string;
  /** what to look at although it can be measured */
  notes: string[];
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
  const window = { startMs: nowMs - WINDOW_MS, endMs: nowMs };
  const askOne = async ({ key, metric, bound }: ReturnType<typeof metricsOf>[number]): Promise<Asked> => {
    const heard = new Heard();
    const listening = new Map([...clients].map(([name, client]) => [name, heard.listenTo(client)] as const));
    const one = { ...bound, template: { ...bound.template, metrics: [metric] } };
    const request = { window, variables, stableOnly: true as const, templates: [one] };
    const [measured] = await measure(request, listening);
    return measured === undefined
      ? { metric: key, state: 'unknown', sentence: '', notes: [] }
      : told(key, measured, heard);
  };
  try {
    return await Promise.all(metricsOf(templates).map(askOne));
  } finally {
    for (const client of clients.values()) client.close();
  }
}

/** What Prometheus answered, beside what a measurement makes of it. */
class Heard {
  refused: { query: string; said: string } | undefined;
  readonly notes = new Set<string>();

  listenTo(client: PrometheusClient): PrometheusClient {
    return {
      instant: async (promql, timeMs, options) => {
        const answer = await client.instant(promql, timeMs, options);
        if (answer.ok) {
          const note = repeatedSeries(answer.series);
          if (note !== undefined) this.notes.add(note);
        } else if (answer.said !== undefined) {
          this.refused ??= { query: promql, said: answer.said };
        }
        return answer;
      },
      close: () => undefined,
    };
  }
}

/** What another try does not change. */
const FINAL: ReadonlySet<string> = new Set(['badQuery', 'severalSeries']);

function told(metric: string, measured: Measurement, { refused, notes }: Heard): Asked {
  if (measured.outcome !== 'ok') {
    const state = FINAL.has(measured.outcome) ? 'refused' : 'unknown';
    return { metric, state, sentence: measured.sentence, ...refused, notes: [...notes] };
  }
  return { metric, state: 'known', sentence: sentenceOf(measured), notes: [...notes] };
}

function sentenceOf(measured: Measurement & { outcome: 'ok' }): string {
  switch (measured.kind) {
    case 'errorRate': {
      const { total, bad } = measured.stable;
      return `${round(total)} requests of stable in 5 minutes, ${round(bad)} bad`;
    }
    case 'latency': {
      const { counts } = measured.stable;
      const total = counts.reduce((sum, count) => sum + count, 0);
      return `${round(total)} requests of stable in ${counts.length} buckets`;
    }
    default:
      return `stable has the value ${measured.stable ?? measured.canary}`;
  }
}

const round = (count: number): string => String(Number(count.toFixed(1)));
