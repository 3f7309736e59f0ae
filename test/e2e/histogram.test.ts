import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Histogram, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { PrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { createPrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import type { Measurement, Window } from '../../api/analysis.ts';
import type { LatencyMetric } from '../../api/kinds/template/kinds/latency.ts';
import { freePort, prometheusReady } from '../../playground/dataplane/metrics/prometheus.ts';
import { ensurePrometheus } from '../../playground/dataplane/metrics/prometheus-binary.ts';
import type { NativeHistogram } from '../support/native-exposition.ts';
import { NATIVE_TYPE, nativeExposition } from '../support/native-exposition.ts';
import { edgeAfter } from '../support/edge.ts';
import { measureMetric } from '../support/measure-metric.ts';

/** The metrics of the two targets. */
let registry = new Registry();
let natives: NativeHistogram[] = [];
let marks = 0;

/** What prom-client cannot say. */
let spelled: string[] = [];

const classicTarget = createServer((_request, response) => {
  void registry.metrics().then((text) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end([text, ...spelled, `classic_mark ${marks}`, ''].join('\n'));
  });
});
const nativeTarget = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': NATIVE_TYPE });
  response.end(nativeExposition(natives, { native_mark: marks }));
});

const directory = mkdtempSync(join(tmpdir(), 'sluice-histograms-'));
let prometheus: ChildProcess | undefined;
let client: PrometheusClient;

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const binary = ensurePrometheus(() => undefined);
  const targets = [await listen(classicTarget), await listen(nativeTarget)];
  const config = join(directory, 'prometheus.yml');
  const global = { scrape_interval: '1s', scrape_timeout: '1s' };
  writeFileSync(
    config,
    JSON.stringify({ global, scrape_configs: [{ job_name: 'shop', static_configs: [{ targets }] }] }),
  );
  const port = await freePort();
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=native-histograms',
    '--log.level=error',
  ];
  prometheus = spawn(binary, flags, { stdio: 'ignore' });
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
  for (const server of [classicTarget, nativeTarget]) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(directory, { recursive: true, force: true });
});

/** Waits until everything that both targets show now has been scraped; returns a time after that. */
async function scraped(): Promise<number> {
  const mark = ++marks;
  await eventually(async () => {
    const answer = await client.instant(`{__name__=~"(classic|native)_mark"} == ${mark}`, Date.now());
    if (!answer.ok || answer.series.length < 2) throw new Error('not scraped yet');
  });
  return Date.now();
}

function measured(window: Window, query: string, calibrate = false): Promise<Measurement> {
  const metric: LatencyMetric = {
    type: 'latency',
    name: 'latency',
    weight: 1,
    critical: true,
    dryRun: false,
    queries: { canary: { buckets: query }, stable: { buckets: query } },
    quantiles: [0.5, 0.99],
    harmMargin: { relative: 0.1, absolute: 2e-4 },
    safeMargin: { relative: 0.25, absolute: 2e-4 },
    requireProof: false,
  };
  return measureMetric(client, { window, metric, calibrate });
}

/** A process that has just started, so that all its histograms are empty. */
function startProcess(name: string): { observe: (service: string, seconds: readonly number[]) => void } {
  registry = new Registry();
  const histogram = new Histogram({
    name,
    help: 'how long requests took',
    labelNames: ['service'],
    buckets: [0.1, 0.5, 1],
    registers: [registry],
  });
  return {
    observe: (service, all) => {
      for (const seconds of all) histogram.observe({ service }, seconds);
    },
  };
}

describe('classic histograms of a real Prometheus', () => {
  test('a window holds exactly the requests in it, restarts and born series included', async () => {
    const query = 'request_seconds_bucket{service="{{service}}"}';
    const first = startProcess('request_seconds');
    first.observe('web', [0.05, 0.05, 0.3, 0.3, 0.3, 7]);
    await scraped();
    const startMs = await scraped();
    first.observe('web', [0.1, 0.2, 0.7, 3]);
    first.observe('web-canary', [0.7, 0.7, 3]);
    const middleMs = await scraped();
    const second = startProcess('request_seconds');
    second.observe('web', [0.05, 0.4]);
    second.observe('web-canary', [0.4]);
    const endMs = await scraped();
    const bounds = [0.1, 0.5, 1];
    expect(await measured({ startMs, endMs: middleMs }, query)).toMatchObject({
      outcome: 'ok',
      stable: { bounds, counts: [1, 1, 1, 1], layout: 'classic' },
      canary: { bounds, counts: [0, 0, 2, 1] },
    });
    expect(await measured({ startMs: middleMs, endMs }, query)).toMatchObject({
      stable: { counts: [1, 1, 0, 0] },
      canary: { counts: [0, 1, 0, 0] },
    });
    expect(await measured({ startMs, endMs }, query)).toMatchObject({
      stable: { counts: [2, 2, 1, 1] },
      canary: { counts: [0, 1, 2, 1] },
    });
    const later = await measured({ startMs: middleMs, endMs }, query, true);
    expect(later).toHaveProperty('history.bounds', bounds);
    expect(later).toHaveProperty('history.stable', expect.arrayContaining([[1, 1, 1, 1]]));
  });

  test('two spellings of one bound in one scrape count as Prometheus counts them', async () => {
    const show = (service: string, counts: Record<string, number>): string[] =>
      Object.entries(counts).map(
        ([le, count]) => `spelled_seconds_bucket{service="${service}",le="${le}"} ${count}`,
      );
    const none = { '1': 0, '1.0': 0, '2': 0, '+Inf': 0 };
    spelled = [...show('web', none), ...show('web-canary', none)];
    const startMs = await scraped();
    const some = { '1': 10, '1.0': 30, '2': 60, '+Inf': 100 };
    spelled = [...show('web', some), ...show('web-canary', some)];
    const endMs = await scraped();
    const quantileOf = async (q: number): Promise<number | undefined> => {
      const quantile = `histogram_quantile(${q}, spelled_seconds_bucket{service="web"})`;
      const answer = await client.instant(quantile, endMs);
      return answer.ok ? answer.series[0]?.samples[0]?.value : undefined;
    };
    // 40 of 100 requests took at most 1 s: the sum of both spellings
    expect(await quantileOf(0.4)).toBeCloseTo(1, 9);
    expect(await measured({ startMs, endMs }, 'spelled_seconds_bucket{service="{{service}}"}')).toMatchObject(
      {
        stable: { bounds: [1, 2], counts: [40, 20, 40] },
      },
    );
    spelled = [];
  });

  test('sums by le are counted too; without le there is no histogram', async () => {
    const one = startProcess('summed_seconds');
    one.observe('web', [0.05]);
    one.observe('web-canary', [0.05]);
    const startMs = await edgeAfter(await scraped());
    one.observe('web', [0.05, 0.2]);
    one.observe('web-canary', [2]);
    const endMs = await edgeAfter(await scraped());
    const summed = await measured(
      { startMs, endMs },
      'sum by (le) (summed_seconds_bucket{service="{{service}}"})',
    );
    expect(summed).toMatchObject({ stable: { counts: [1, 1, 0, 0] }, canary: { counts: [0, 0, 0, 1] } });
    const got = await measured({ startMs, endMs }, 'sum(summed_seconds_count{service="{{service}}"})');
    expect(got).toMatchObject({ outcome: 'badQuery' });
  });
});

describe('native histograms of a real Prometheus', () => {
  test('a window holds exactly the requests in it, through a lower resolution and a restart', async () => {
    const web = { name: 'native_seconds', labels: { service: 'web' }, zeroThreshold: 1e-6, zero: 1 };
    const canary = { ...web, labels: { service: 'web-canary' }, zero: 0 };
    natives = [
      { ...web, schema: 1, first: 1, counts: [4, 0, 2] },
      { ...canary, schema: 1, first: 3, counts: [9] },
    ];
    await scraped();
    const startMs = await scraped();
    natives = [
      { ...web, schema: 1, first: 0, counts: [3, 5, 0, 2], zero: 3 },
      { ...canary, schema: 0, first: 1, counts: [1, 11] },
    ];
    const middleMs = await scraped();
    natives = [
      { ...web, schema: 1, first: 0, counts: [3, 5, 0, 4], zero: 3 },
      { ...canary, schema: 0, first: 1, counts: [1, 5] },
    ];
    const endMs = await scraped();
    const query = 'native_seconds{service="{{service}}"}';
    const half = Math.SQRT1_2;
    const close = (numbers: readonly number[]): unknown =>
      numbers.map((each) => expect.closeTo(each, 7) as unknown);
    expect(await measured({ startMs, endMs: middleMs }, query)).toMatchObject({
      outcome: 'ok',
      // zero bucket, (1/√2, 1], (1, √2]
      stable: { bounds: close([1e-6, half, 1, 2]), counts: [2, 0, 3, 1, 0], layout: 'native' },
      canary: { bounds: close([1, 2, 4]), counts: [0, 1, 2, 0] },
    });
    expect(await measured({ startMs: middleMs, endMs }, query)).toMatchObject({
      // (2, 2√2] is merged to the canary's coarser bucket
      stable: { bounds: close([2, 4]), counts: [0, 2, 0] },
      canary: { counts: [0, 1, 5, 0] },
    });
  });

  test('sums of them are counted as well', async () => {
    const web = { name: 'added_seconds', schema: 0, zeroThreshold: 1e-6, zero: 0, first: 1 };
    const pods = (a: number[], b: number[], canary: number[]): NativeHistogram[] => [
      { ...web, labels: { service: 'web', path: 'a' }, counts: a },
      { ...web, labels: { service: 'web', path: 'b' }, counts: b },
      { ...web, labels: { service: 'web-canary' }, counts: canary },
    ];
    natives = pods([1], [2], [3]);
    const startMs = await edgeAfter(await scraped());
    natives = pods([3], [2, 1], [3, 4]);
    const endMs = await edgeAfter(await scraped());
    const query = 'sum(added_seconds{service="{{service}}"})';
    expect(await measured({ startMs, endMs }, query)).toMatchObject({
      stable: { bounds: [1, 2, 4], counts: [0, 2, 1, 0], layout: 'native' },
      canary: { bounds: [2, 4], counts: [0, 4, 0] },
    });
  });
});
