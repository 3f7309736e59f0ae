/**
 * `npm run bench:measure [-- --rounds N]`: what measuring a release costs a real Prometheus, for each minute of the
 * release: queries, bytes of answers (compressed, as they are sent) and CPU time, with the CPU time of Sluice beside it.
 * 24 pods are scraped every 15 seconds, and each window is 15 seconds long.
 */
import { parseArgs } from 'node:util';
import { createPrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { endpointOver } from '../../analysis/measure/prometheus/endpoint.ts';
import { measure } from '../../analysis/measure/measure.ts';
import type { MeasureRequest } from '../../api/measuring.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { nginxPresets } from '../../providers/nginx/presets.ts';
import { replicasPresets } from '../../providers/replicas/presets.ts';
import { filledPrometheus } from '../support/filled-prometheus.ts';
import { errorRateMetric, latencyMetric, seriesMetric } from '../support/measure-objects.ts';
import { PODS, scraped } from './measure/series.ts';

const WINDOW_S = 15;
const MINUTES = 10;
/** The machine may be busy with other things; only CPU time is measured. */
const PATIENCE_MS = 600_000;
/** Before the first window there are samples for the whole lookback. */
const LEAD_S = 6 * 60;
const BEGIN_S = Date.UTC(2026, 0, 31) / 1000;

const VARIABLES = {
  namespace: 'shop',
  target: 'web',
  stableService: 'web',
  canaryService: 'web-canary',
  stablePods: PODS.stable.join(','),
  canaryPods: PODS.canary.join(','),
  ingressRegex: 'web',
  portRegex: '80',
};

const errors = { ...errorRateMetric(), queries: replicasPresets.errorRate };
const latency = { ...latencyMetric(), ...(replicasPresets.latency && { queries: replicasPresets.latency }) };
const cpu = {
  ...seriesMetric(),
  query: 'avg(rate(container_cpu_usage_seconds_total{namespace="{{namespace}}",pod=~"{{pods}}"}[1m]))',
};
const summed = (labels: string) =>
  `sum(http_server_request_duration_seconds_count{pod=~"{{pods}}"${labels}})`;
const sums = { bad: summed(',http_response_status_code=~"5.."'), total: summed('') };

interface Release {
  metrics: Metric[];
  share?: MeasureRequest['share'];
}

const RELEASES: Readonly<Record<string, Release>> = {
  'error rate, counted by the pods': { metrics: [errors] },
  'error rate and share, counted by Ingress-NGINX': {
    metrics: [{ ...errors, queries: nginxPresets.errorRate }],
    ...(nginxPresets.requests && { share: { source: 'prometheus/default', ...nginxPresets.requests } }),
  },
  'latency, classic histogram': { metrics: [latency] },
  'error rate, latency and CPU': { metrics: [errors, latency, cpu] },
  'error rate from sums': { metrics: [{ ...errors, queries: { canary: sums, stable: sums } }] },
};

interface Spent {
  queries: number;
  bytes: number;
  cpuS: number;
}

/** Prometheus' own numbers about itself. */
async function spentBy(url: string): Promise<Spent> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string): number =>
    text
      .split('\n')
      .filter((line) => line.startsWith(name))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    queries: sum('prometheus_http_requests_total{code="200",handler="/api/v1/query"'),
    bytes: sum('prometheus_http_response_size_bytes_sum{handler="/api/v1/query"'),
    cpuS: sum('process_cpu_seconds_total '),
  };
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
const rounds = Number(values.rounds);
const endS = BEGIN_S + LEAD_S + MINUTES * 60 + WINDOW_S;
const prometheus = await filledPrometheus(scraped({ startS: BEGIN_S, endS }));
const client = createPrometheusClient({ url: prometheus.url, timeoutMs: PATIENCE_MS });
const endpoints = new Map([['prometheus/default', endpointOver(client)]]);

async function release({ metrics, share }: Release): Promise<void> {
  const template = { ...defaultTemplate(), metrics };
  const templates = [{ use: { template: 'http', args: {} }, template }];
  const request = { templates, variables: VARIABLES, ...(share === undefined ? {} : { share }) };
  for (let s = BEGIN_S + LEAD_S; s < BEGIN_S + LEAD_S + MINUTES * 60; s += WINDOW_S) {
    const window = { startMs: s * 1000, endMs: (s + WINDOW_S) * 1000 };
    for (const measured of await measure({ ...request, window }, endpoints))
      if (measured.outcome !== 'ok') throw new Error(`${measured.metric}: ${measured.sentence}`);
  }
}

const row = (name: string, cells: readonly string[]): string =>
  `${name.padEnd(48)}${cells.map((cell) => cell.padStart(16)).join('')}\n`;

try {
  process.stdout.write(row('per minute of a release', ['queries', 'KiB', 'Prometheus ms', 'Sluice ms']));
  for (const [name, each] of Object.entries(RELEASES)) {
    await release(each);
    const before = await spentBy(prometheus.url);
    const own = process.cpuUsage();
    for (let i = 0; i < rounds; i++) await release(each);
    const { user, system } = process.cpuUsage(own);
    const after = await spentBy(prometheus.url);
    const minutes = rounds * MINUTES;
    const cells = [
      (after.queries - before.queries) / minutes,
      (after.bytes - before.bytes) / 1024 / minutes,
      ((after.cpuS - before.cpuS) * 1000) / minutes,
      (user + system) / 1000 / minutes,
    ];
    process.stdout.write(
      row(
        name,
        cells.map((cell) => cell.toFixed(1)),
      ),
    );
  }
} finally {
  client.close();
  await prometheus.close();
}
