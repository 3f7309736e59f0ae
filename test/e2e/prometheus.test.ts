import { spawn } from 'node:child_process';
import { endpointOver } from '../../analysis/measure/prometheus/endpoint.ts';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { PrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { createPrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { measure } from '../../analysis/measure/measure.ts';
import type { Measurement, Window } from '../../api/analysis.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import type { ErrorRateMetric } from '../../api/kinds/template/kinds/error-rate.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import type { ThresholdMetric } from '../../api/kinds/template/kinds/threshold.ts';
import { freePort, prometheusReady } from '../../playground/dataplane/metrics/prometheus.ts';
import { ensurePrometheus } from '../../playground/dataplane/metrics/prometheus-binary.ts';
import { trafficVariables } from '../../providers/index.ts';
import { istioPresets } from '../../providers/istio/presets.ts';
import { nginxPresets } from '../../providers/nginx/presets.ts';
import type { Presets } from '../../providers/provider.ts';
import { edgeAfter } from '../support/edge.ts';
import { measureMetric } from '../support/measure-metric.ts';
import { ingress as ingressOf, ingressPath } from '../support/routes.ts';
import { aTrafficContext } from '../support/traffic.ts';

/** A target to scrape: a page of text lines, or HTTP 503. */
class Exporter {
  readonly lines = new Map<string, number>();
  up = true;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((_request, response) => {
      response.writeHead(this.up ? 200 : 503, { 'content-type': 'text/plain' });
      response.end([...this.lines].map(([name, value]) => `${name} ${value}\n`).join(''));
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  add(name: string, value: number): void {
    this.lines.set(name, (this.lines.get(name) ?? 0) + value);
  }
}

const first = new Exporter();
const second = new Exporter();
/** Scraped like a ServiceMonitor without honorLabels. */
const ingress = new Exporter();
const directory = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
let prometheus: ChildProcess | undefined;
let client: PrometheusClient;
let marks = 0;

beforeAll(async () => {
  const binary = ensurePrometheus(() => undefined);
  second.up = false;
  const targets = [await first.listen(), await second.listen()];
  const config = join(directory, 'prometheus.yml');
  const scrape = {
    job_name: 'shop',
    scrape_interval: '1s',
    scrape_timeout: '1s',
    static_configs: [{ targets }],
  };
  const labels = { namespace: 'ingress-nginx', service: 'ingress-nginx-controller-metrics' };
  const renaming = {
    ...scrape,
    job_name: 'ingress',
    static_configs: [{ targets: [await ingress.listen()], labels }],
  };
  writeFileSync(config, JSON.stringify({ scrape_configs: [scrape, renaming] }));
  const port = await freePort();
  prometheus = spawn(
    binary,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  client = createPrometheusClient({ url });
  await prometheusReady(url);
});

afterAll(async () => {
  client.close();
  if (prometheus?.exitCode === null) {
    prometheus.kill('SIGTERM');
    await once(prometheus, 'exit');
  }
  first.close();
  second.close();
  ingress.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Waits until everything that the exporter shows now has been scraped; returns a time after that scrape. */
async function scraped(exporter = first): Promise<number> {
  const mark = ++marks;
  exporter.lines.set('mark', mark);
  await eventually(async () => {
    const answer = await client.instant(`mark == ${mark}`, Date.now());
    if (!answer.ok || answer.series.length === 0) throw new Error('not scraped yet');
  });
  return Date.now();
}

function measured(window: Window, metric: Metric): Promise<Measurement> {
  return measureMetric(client, { window, metric });
}

function errors(name: string, wrap = (selector: string) => selector): ErrorRateMetric {
  const queries = {
    bad: wrap(`${name}{service="{{service}}",code=~"5.."}`),
    total: wrap(`${name}{service="{{service}}"}`),
  };
  return {
    type: 'errorRate',
    weight: 1,
    test: { method: 'sequential' },
    name: 'errors',
    critical: true,
    dryRun: false,
    queries: { canary: queries, stable: queries },
    harmMargin: { relative: 0.1, absolute: 1e-4 },
    safeMargin: { relative: 0.5, absolute: 1e-3 },
  };
}

function threshold(query: string): ThresholdMetric {
  return {
    type: 'threshold',
    name: 'value',
    critical: true,
    dryRun: false,
    query,
    success: 'value < 1',
    failureLimit: 0,
    counting: 'consecutive',
    inconclusiveLimit: 0,
    nan: 'inconclusive',
  };
}

/** The counts and the share that a preset reads. */
async function byPreset({ name, errorRate, requests }: Presets, window: Window): Promise<Measurement[]> {
  const metric = { ...errors(name), queries: errorRate };
  const share = requests === undefined ? {} : { share: { source: 'prometheus/default', ...requests } };
  const template = { ...defaultTemplate(), metrics: [metric] };
  const context = aTrafficContext([ingressOf('web', { 'a.example': [ingressPath('/', 'web')] })]);
  const variables = {
    ...trafficVariables(context, { weight: 50, mirror: 0, matching: false }),
    canaryDeployment: 'web-canary',
  };
  return measure(
    { window, templates: [{ use: { template: 'http', args: {} }, template }], variables, ...share },
    new Map([['prometheus/default', endpointOver(client)]]),
  );
}

describe('counting against a real Prometheus', () => {
  test('ingress-nginx is read under the labels that Prometheus renames', async () => {
    const labels = (canary: string) => `namespace="shop",ingress="web",service="web",canary="${canary}"`;
    const add = (canary: string, status: string, count: number): void => {
      ingress.add(`nginx_ingress_controller_requests{${labels(canary)},status="${status}"}`, count);
      if (status !== '308') {
        ingress.add(`nginx_ingress_controller_header_duration_seconds_count{${labels(canary)}}`, count);
      }
    };
    const canary = 'shop-web-canary-80';
    add('', '2xx', 1000);
    add(canary, '2xx', 10);
    const startMs = await scraped(ingress);
    add('', '2xx', 60);
    add('', '308', 40);
    add('', '5xx', 2);
    add(canary, '2xx', 30);
    add(canary, '502', 3);
    const endMs = await scraped(ingress);
    expect(await byPreset(nginxPresets, { startMs, endMs })).toMatchObject([
      { outcome: 'ok', stable: { total: 102, bad: 2 }, canary: { total: 33, bad: 3 } },
      // redirects come from nginx itself; an answer of the class 5xx may also come from nginx, and is counted
      // again in case no pod gave it
      { outcome: 'ok', stable: 62 + 2, canary: 33 },
    ]);
  });

  test('failed gRPC calls of a mesh are errors, whatever their HTTP code, and count once', async () => {
    const add = (service: string, code: string, grpc: string, count: number): void => {
      const of = `destination_service="${service}.shop.svc.cluster.local",response_code="${code}"`;
      first.add(`istio_requests_total{reporter="source",${of},grpc_response_status="${grpc}"}`, count);
    };
    add('web', '200', '0', 500);
    add('web-canary', '200', '0', 5);
    const startMs = await scraped();
    add('web', '200', '0', 90);
    add('web', '200', '5', 10);
    add('web-canary', '200', '14', 2);
    add('web-canary', '503', '14', 1);
    add('web-canary', '200', '', 7);
    add('web-canary', '0', '', 1);
    const endMs = await scraped();
    expect(await byPreset(istioPresets, { startMs, endMs })).toMatchObject([
      { outcome: 'ok', stable: { total: 100, bad: 0 }, canary: { total: 11, bad: 3 } },
      { outcome: 'ok', stable: 100, canary: 11 },
    ]);
  });

  test('a window holds exactly what happened in it, born series and restarts included', async () => {
    const name = 'exact_total';
    first.add(`${name}{service="web",code="200"}`, 5000);
    first.add(`${name}{service="web",code="500"}`, 40);
    first.add(`${name}{service="web-canary",code="200"}`, 7);
    const startMs = await scraped();
    first.add(`${name}{service="web",code="200"}`, 95);
    first.add(`${name}{service="web",code="500"}`, 5);
    first.add(`${name}{service="web-canary",code="200"}`, 10);
    first.add(`${name}{service="web-canary",code="503"}`, 3);
    const middleMs = await scraped();
    first.lines.set(`${name}{service="web",code="200"}`, 20);
    first.add(`${name}{service="web-canary",code="503"}`, 1);
    const endMs = await scraped();
    const count = (window: Window): Promise<Measurement> => measured(window, errors(name));
    expect(await count({ startMs, endMs })).toMatchObject({
      outcome: 'ok',
      stable: { total: 120, bad: 5 },
      canary: { total: 14, bad: 4 },
    });
    expect(await count({ startMs, endMs: middleMs })).toMatchObject({
      stable: { total: 100, bad: 5 },
      canary: { total: 13, bad: 3 },
    });
    expect(await count({ startMs: middleMs, endMs })).toMatchObject({
      stable: { total: 20, bad: 0 },
      canary: { total: 1, bad: 1 },
    });
  });

  test('sums are counted too, as a subquery', async () => {
    const name = 'summed_total';
    first.add(`${name}{service="web",code="200"}`, 1000);
    first.add(`${name}{service="web",code="500"}`, 10);
    first.add(`${name}{service="web-canary",code="200"}`, 50);
    const startMs = await edgeAfter(await scraped());
    first.add(`${name}{service="web",code="200"}`, 100);
    first.add(`${name}{service="web-canary",code="200"}`, 20);
    first.add(`${name}{service="web-canary",code="500"}`, 2);
    const endMs = await edgeAfter(await scraped());
    expect(
      await measured(
        { startMs, endMs },
        errors(name, (selector) => `sum(${selector})`),
      ),
    ).toMatchObject({
      outcome: 'ok',
      stable: { total: 100, bad: 0 },
      canary: { total: 22, bad: 2 },
    });
  });

  test('a target whose scraping only begins does not bring its past along', async () => {
    const name = 'begun_total';
    first.add(`${name}{service="web",code="200"}`, 100);
    second.add(`${name}{service="web-canary",code="200"}`, 900);
    second.add(`${name}{service="web-canary",code="500"}`, 300);
    const startMs = await scraped();
    second.up = true;
    await scraped(second);
    second.add(`${name}{service="web-canary",code="200"}`, 8);
    second.add(`${name}{service="web-canary",code="500"}`, 2);
    first.add(`${name}{service="web",code="200"}`, 50);
    await scraped(second);
    const endMs = await scraped();
    expect(await measured({ startMs, endMs }, errors(name))).toMatchObject({
      outcome: 'ok',
      stable: { total: 50, bad: 0 },
      canary: { total: 10, bad: 2 },
    });
  });

  test('while nothing is scraped there is no data, and afterwards nothing is lost', async () => {
    const name = 'gap_total';
    first.add(`${name}{service="web",code="200"}`, 10);
    first.add(`${name}{service="web-canary",code="200"}`, 10);
    const startMs = await scraped();
    first.up = false;
    await eventually(async () => {
      const answer = await client.instant(`sum(up{job="shop"}) < 2`, Date.now());
      if (!answer.ok || answer.series.length === 0) throw new Error('still up');
    });
    const middleMs = Date.now();
    first.add(`${name}{service="web",code="200"}`, 30);
    first.add(`${name}{service="web-canary",code="200"}`, 3);
    expect(await measured({ startMs, endMs: middleMs }, errors(name))).toMatchObject({ outcome: 'noData' });
    first.up = true;
    const endMs = await scraped();
    expect(await measured({ startMs: middleMs, endMs }, errors(name))).toMatchObject({
      stable: { total: 30 },
      canary: { total: 3 },
    });
  });

  test('an arm nobody knows is no data', async () => {
    const name = 'lonely_total';
    first.add(`${name}{service="web",code="200"}`, 10);
    const startMs = await scraped();
    const endMs = await scraped();
    expect(await measured({ startMs, endMs }, errors(name))).toMatchObject({
      outcome: 'noData',
      sentence: expect.stringContaining('the canary') as string,
    });
  });
});

describe('thresholds against a real Prometheus', () => {
  let endMs = 0;

  beforeAll(async () => {
    first.lines.set('gauge_one', 0.25);
    first.lines.set('gauge_zero', 0);
    first.lines.set('gauge_two{x="a"}', 1);
    first.lines.set('gauge_two{x="b"}', 1);
    endMs = await scraped();
  });

  test.each([
    ['one number', 'gauge_one', { outcome: 'ok', canary: 0.25 }],
    ['a scalar', 'scalar(gauge_one)', { outcome: 'ok', canary: 0.25 }],
    ['nothing', 'gauge_none', { outcome: 'noData' }],
    ['several series', 'gauge_two', { outcome: 'severalSeries' }],
    ['NaN', 'gauge_zero / gauge_zero', { outcome: 'nan' }],
    ['a range', 'gauge_one[5m]', { outcome: 'badQuery' }],
    ['a string', '"text"', { outcome: 'badQuery' }],
    ['no PromQL', 'sum(gauge_one', { outcome: 'badQuery' }],
  ])('%s', async (_, query, want) => {
    expect(await measured({ startMs: endMs - 1, endMs }, threshold(query))).toMatchObject(want);
  });
});
