import { measure } from '../../analysis/measure/measure.ts';
import { openEndpoints } from '../../analysis/measure/open.ts';
import type { Heard } from '../../analysis/measure/source.ts';
import type { Measurement } from '../../api/analysis.ts';
import { metricsOf } from '../../api/bound.ts';
import { recordedTemplates } from '../../release/facts/records.ts';
import { trafficVariables } from '../../providers/index.ts';
import type { Checked } from './look.ts';

/** Long enough for a quiet service to have had a request, short enough to show the present. */
const WINDOW_MS = 5 * 60_000;

/** What the queries of a template return for the stable version. */
export interface Asked {
  metric: string;
  /** refused: a release can never measure it this way; unknown: it may have data later */
  state: 'known' | 'unknown' | 'refused';
  sentence: string;
  /** what the source refused, and its own words about it */
  query?: string;
  said?: string;
  /** what to check, although it can be measured */
  notes: string[];
}

/**
 * Asks every query of the stable arm over the last five minutes; `endpoints`: base URLs by "<source>/<end point>".
 * Without end points nothing is asked.
 */
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
  const opened = await openEndpoints(endpoints);
  const variables = {
    ...trafficVariables(context),
    // There is no canary yet: its queries are asked for the stable version.
    canaryService: context.stableService.metadata.name,
    canaryDeployment: context.target,
    release: '',
    stablePods: pods,
    canaryPods: pods,
  };
  const window = { startMs: nowMs - WINDOW_MS, endMs: nowMs };
  const askOne = async ({ key, metric, bound }: ReturnType<typeof metricsOf>[number]): Promise<Asked> => {
    const heard = new Listener();
    const one = { ...bound, template: { ...bound.template, metrics: [metric] } };
    const request = { window, variables, stableOnly: true as const, templates: [one] };
    const [measured] = await measure(request, opened, heard);
    return measured === undefined
      ? { metric: key, state: 'unknown', sentence: '', notes: [] }
      : told(key, measured, heard);
  };
  try {
    return await Promise.all(metricsOf(templates).map(askOne));
  } finally {
    for (const endpoint of opened.values()) endpoint.close();
  }
}

/** Collects what a source says beside the measurements. */
class Listener implements Heard {
  first: { query: string; said: string } | undefined;
  readonly notes = new Set<string>();

  note(sentence: string): void {
    this.notes.add(sentence);
  }

  refused(query: string, said: string): void {
    this.first ??= { query, said };
  }
}

/** Outcomes that another try does not change. */
const FINAL: ReadonlySet<string> = new Set(['badQuery', 'severalSeries']);

function told(metric: string, measured: Measurement, { first, notes }: Listener): Asked {
  if (measured.outcome !== 'ok') {
    const state = FINAL.has(measured.outcome) ? 'refused' : 'unknown';
    return { metric, state, sentence: measured.sentence, ...first, notes: [...notes] };
  }
  return { metric, state: 'known', sentence: sentenceOf(measured), notes: [...notes] };
}

function sentenceOf(measured: Measurement & { outcome: 'ok' }): string {
  switch (measured.kind) {
    case 'counts': {
      const { total, bad } = measured.stable;
      return `${round(total)} requests of stable in 5 minutes, ${round(bad)} bad`;
    }
    case 'histograms': {
      const { counts } = measured.stable;
      const total = counts.reduce((sum, count) => sum + count, 0);
      return `${round(total)} requests of stable in ${counts.length} buckets`;
    }
    case 'byLabel':
      return `${measured.values.length} values of the label`;
    default:
      return `stable has the value ${measured.stable ?? measured.canary}`;
  }
}

const round = (count: number): string => String(Number(count.toFixed(1)));
