import { renderQuery } from '../../api/query.ts';
import type { Series } from '../../analysis/measure/prometheus/answer.ts';
import type { PrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { askOverRange } from '../../analysis/measure/prometheus/over-range.ts';
import { valuesOver } from '../../analysis/promql/range.ts';
import { isSelector } from '../../analysis/promql/selector.ts';
import type { Window } from '../../api/analysis.ts';
import { withoutPassword } from '../../lib/url.ts';
import { splitVariables } from '../../providers/index.ts';
import { OFF } from '../../providers/provider.ts';
import { dashed } from '../../providers/shared/names.ts';
import { UsageError } from '../io.ts';

/** Stands for the pods' names while a query is rendered, because a recording covers pods whose names are no longer known. */
const PODS = 'PODS-OF-THE-TARGET';
const CHUNK_MS = 60 * 60_000;
const LEAST_CHUNK_MS = 5 * 60_000;

/** Values for `{{name}}` as a release of the target would have them. */
export function variablesFor(service: {
  namespace: string;
  target: string;
  service: string;
  route: string | undefined;
  clusterDomain: string;
}): Record<string, string> {
  const { namespace, target, service: name, route, clusterDomain } = service;
  const routeRegex = route === undefined ? '.+' : route.replaceAll('.', '[.]');
  return {
    namespace,
    target,
    release: target,
    service: name,
    clusterDomain,
    stableService: name,
    canaryService: `${name}-canary`,
    deployment: target,
    canaryDeployment: `${target}-canary`,
    pods: PODS,
    stablePods: PODS,
    canaryPods: PODS,
    ...(route === undefined ? {} : { route, ingress: route }),
    routeRegex,
    ingressRegex: routeRegex,
    traefikNamesRegex: route === undefined ? '.+' : dashed(route),
    portRegex: '.+',
    ...envoyClusters(namespace, route),
    ...splitVariables(OFF),
  };
}

/**
 * Envoy Gateway's clusters of the route: without a split there is one for each rule; during a release (or where a filter
 * keeps them apart), one for each backendRef. It is not known which of these was stable's.
 */
function envoyClusters(namespace: string, route: string | undefined): Record<string, string> {
  const name = route === undefined ? '[^/]+' : route.replaceAll('.', '[.]');
  const clusters = `[a-z]+/${namespace}/${name}/rule/[0-9]+(/backend/[0-9]+)?`;
  return { stableClusterRegex: clusters, canaryClusterRegex: clusters };
}

/** The query with its variables; pods are recognized by the names that a Deployment's ReplicaSets give them. */
export function render(text: string, variables: Readonly<Record<string, string>>, path: string): string {
  const rendered = renderQuery(text, variables);
  if (!rendered.ok) {
    throw new UsageError(`${path}: ${rendered.sentence}; give it with a flag, or write the query without it`);
  }
  const target = (variables['target'] ?? '').replaceAll('.', '[.]');
  return rendered.query.replaceAll(PODS, `${target}-[a-z0-9]+-[a-z0-9]{5}`);
}

/** Part of the range: what each query returned over it, counters also over the five minutes before. */
export interface Chunk {
  window: Window;
  answers: Series[][];
  /** for each query: does it return samples of the counters themselves, not values of an expression? */
  raw: boolean[];
}

export interface RangeOptions {
  client: PrometheusClient;
  url: string;
  range: Window;
  tickMs: number;
  /** how queries are asked: samples of counters (of sums at instants a third of a tick apart), or values at the end of each tick */
  ask: 'counters' | 'values';
  stop: AbortSignal;
  progress: (doneMs: number) => void;
}

/** Hands over the range in chunks, which get smaller if Prometheus cannot answer larger ones. */
export async function eachChunk(
  queries: readonly string[],
  { client, url, range, tickMs, ask, stop, progress }: RangeOptions,
  take: (chunk: Chunk) => void,
): Promise<void> {
  let chunkMs = wholeTicks(CHUNK_MS, tickMs);
  let startMs = range.startMs;
  const raw = queries.map(isSelector);
  while (startMs < range.endMs && !stop.aborted) {
    const window = { startMs, endMs: Math.min(range.endMs, startMs + chunkMs) };
    const found = await Promise.all(
      queries.map((query) =>
        ask === 'counters'
          ? askOverRange(client, query, window, { tickMs })
          : client.instant(valuesOver(query, window.endMs - window.startMs, tickMs), window.endMs),
      ),
    );
    const failed = found.findIndex(({ ok }) => !ok);
    const failure = found[failed];
    if (failure?.ok === false) {
      const smaller = wholeTicks(chunkMs / 2, tickMs);
      if (failure.outcome === 'badQuery' || smaller >= chunkMs || smaller < LEAST_CHUNK_MS) {
        throw new UsageError(failureSentence(url, failure.sentence, queries[failed] ?? ''));
      }
      chunkMs = smaller;
      continue;
    }
    take({ window, raw, answers: found.map((answer) => (answer.ok ? answer.series : [])) });
    startMs = window.endMs;
    progress(startMs - range.startMs);
  }
}

function wholeTicks(ms: number, tickMs: number): number {
  return Math.max(1, Math.floor(ms / tickMs)) * tickMs;
}

function failureSentence(url: string, sentence: string, query: string): string {
  return `--prometheus: "${withoutPassword(url)}": ${sentence}; give its base URL, and see that it answers this query: ${query}`;
}
