import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filledPrometheus, type FilledPrometheus } from '../support/filled-prometheus.ts';
import { poisson } from '../support/sampling.ts';
import { seeded } from '../../lib/random.ts';

const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const SCRAPE_S = 15;
const HOURS = 6;
const START_S = Date.UTC(2024, 0, 31) / 1000;
const PODS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => `checkout-7d9f8b6c5-${letter}x2k9`);

/** Requests for each pod and scrape by duration, and the number that fails. */
const BUCKETS: readonly [string, number][] = [
  ['0.05', 30],
  ['0.1', 50],
  ['0.25', 45],
  ['0.5', 15],
  ['1', 6],
  ['2.5', 3],
  ['+Inf', 1],
];
const FAILING = 1.5;
const WHOLE = BUCKETS.reduce((sum, [, mean]) => sum + mean, 0);

let prometheus: FilledPrometheus;

/** Series of one pod in OpenMetrics: all samples of a series are together. */
function seriesOf(pod: string, seed: number): { requests: string[]; durations: string[] } {
  const random = seeded(seed);
  const labels = `job="app",instance="${pod}:80",namespace="shop",pod="${pod}"`;
  const counter = (name: string, mean: number): string[] => {
    let value = 0;
    return Array.from({ length: (HOURS * 3600) / SCRAPE_S + 1 }, (_, i) => {
      value += poisson(mean, random);
      return `${name} ${value} ${START_S + i * SCRAPE_S}`;
    });
  };
  const totals = new Array<number>((HOURS * 3600) / SCRAPE_S + 1).fill(0);
  const durations = BUCKETS.flatMap(([le, mean]) => {
    let value = 0;
    return totals.map((below, i) => {
      value += poisson(mean, random);
      totals[i] = below + value;
      return `duration_seconds_bucket{${labels},le="${le}"} ${below + value} ${START_S + i * SCRAPE_S}`;
    });
  });
  return {
    requests: [
      ...counter(`requests_total{${labels},code="200"}`, WHOLE - FAILING),
      ...counter(`requests_total{${labels},code="500"}`, FAILING),
    ],
    durations,
  };
}

beforeAll(async () => {
  const all = PODS.map((pod, i) => seriesOf(pod, i + 1));
  prometheus = await filledPrometheus([
    '# TYPE requests counter',
    ...all.flatMap(({ requests }) => requests),
    '# TYPE duration_seconds_bucket gauge',
    ...all.flatMap(({ durations }) => durations),
  ]);
});

afterAll(() => prometheus.close());

interface Result {
  pods: number;
  traffic: { requestsPerMinute: number; errorRate: number };
  scenarios: { name: string; rolledBack: { share: number }; promoted: { share: number } }[];
  advice: string[];
}

async function backtest(template: string, ...flags: string[]): Promise<Result> {
  const file = join(prometheus.directory, 'template.yaml');
  writeFileSync(file, template);
  const at = (hours: number): string => new Date((START_S + hours * 3600) * 1000).toISOString();
  const range = ['--from', at(0), '--to', at(HOURS)];
  const given = [
    '--template',
    file,
    '--prometheus',
    prometheus.url,
    '--target',
    'shop/checkout',
    '-o',
    'json',
  ];
  const child = spawn(process.execPath, [PROGRAM, 'backtest', ...given, ...range, ...flags]);
  let printed = '';
  let complained = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(complained);
  return JSON.parse(printed) as Result;
}

const shareOf = ({ scenarios }: Result, name: string) => scenarios.find((scenario) => scenario.name === name);

describe('sluice backtest against Prometheus', () => {
  test('replays error rates pod by pod', async () => {
    const selector = 'requests_total{namespace="{{namespace}}",pod=~"{{pods}}"';
    const result = await backtest(
      `metrics: [{name: errors, errorRate: {bad: '${selector},code=~"5.."}', total: '${selector}}'}}]`,
      '--runs',
      '20',
    );
    expect(result).toMatchObject({ pods: PODS.length });
    expect(result.traffic.requestsPerMinute / (4 * WHOLE * PODS.length)).toBeCloseTo(1, 2);
    expect(result.traffic.errorRate).toBeCloseTo(FAILING / WHOLE, 3);
    expect(shareOf(result, 'nothing (A/A)')?.promoted.share).toBeGreaterThanOrEqual(0.9);
    expect(shareOf(result, 'errors ×10')?.rolledBack.share).toBe(1);
    expect(shareOf(result, 'errors ×2')?.rolledBack.share).toBeGreaterThanOrEqual(0.9);
  });

  test('replays latency from classic buckets, and the conditions of a threshold', async () => {
    const selector = 'duration_seconds_bucket{namespace="{{namespace}}",pod=~"{{pods}}"}';
    const mean =
      'sum(rate(requests_total{pod=~"{{pods}}"}[1m])) / count(requests_total{pod=~"{{pods}}",code="200"})';
    const result = await backtest(
      `metrics:
        - { name: slow, latency: { buckets: '${selector}', quantiles: [0.5, 0.9] } }
        - { name: rate, threshold: { query: '${mean}', failure: value > 100 } }`,
      '--runs',
      '10',
    );
    expect(result).toMatchObject({ pods: PODS.length });
    expect(shareOf(result, 'nothing (A/A)')?.rolledBack.share).toBe(0);
    expect(shareOf(result, 'latency ×1.5')?.rolledBack.share).toBe(1);
    expect(shareOf(result, 'errors ×2')).toBeUndefined();
  });
});
