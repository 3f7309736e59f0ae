import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { breakDown } from '../../analysis/judge/breakdown/breakdown.ts';
import { countedFrom } from '../../analysis/judge/breakdown/counted-from.ts';
import { measure } from '../../analysis/measure/measure.ts';
import { endpointOver } from '../../analysis/measure/prometheus/endpoint.ts';
import type { Counts, Measurement, Window } from '../../api/analysis.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import { edgeAfter } from '../support/edge.ts';
import { eventually } from '../support/eventually.ts';
import { errorRateMetric } from '../support/measure-objects.ts';
import { scrapingPrometheus, type ScrapingPrometheus } from '../support/scraping-prometheus.ts';

const PODS = ['web-1', 'web-2', 'web-canary-1'] as const;
type Pod = (typeof PODS)[number];
const ROUNDS = 6;
/** What each pod of stable answers in one round, and the canary as well, except for /buy. */
const USUAL = [
  { route: '/', code: '200', count: 80 },
  { route: '/', code: '500', count: 1 },
  { route: '/cart', code: '200', count: 40 },
  { route: '/cart', code: '503', count: 1 },
];
const BUY = { route: '/buy', code: '200', count: 20 };
const BROKEN = [
  { route: '/buy', code: '200', count: 10 },
  { route: '/buy', code: '503', count: 10 },
];

/** It is not scraped. */
let silent: Pod | undefined;
/** The counters of each pod, which is a target of its own. */
const pages = new Map(PODS.map((pod) => [pod, new Map<string, number>()]));
const server = createServer(({ url = '' }, response) => {
  const page = [...pages].find(([pod]) => url === `/${pod}`)?.[1] ?? [];
  response.writeHead(url === `/${silent}` ? 503 : 200, { 'content-type': 'text/plain' });
  response.end([...page].map(([series, value]) => `${series} ${value}\n`).join(''));
});

function answers(pod: Pod, all: readonly { route: string; code: string; count: number }[]): void {
  const page = pages.get(pod);
  const add = (series: string, by: number) => page?.set(series, (page.get(series) ?? 0) + by);
  for (const { route, code, count } of all) {
    add(`requests_total{pod="${pod}",route="${route}",code="${code}"}`, count);
    if (code !== '200') add(`failures_total{pod="${pod}",route="${route}"}`, count);
  }
}

let prometheus: ScrapingPrometheus;
let window: Window;

/** One round; returns a time after it has been scraped. */
async function round(): Promise<number> {
  for (const pod of PODS) answers(pod, [...USUAL, ...(pod === 'web-canary-1' ? BROKEN : [BUY])]);
  return prometheus.scraped();
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const pod of PODS) answers(pod, [{ route: '/', code: '200', count: 5000 }]);
  prometheus = await scrapingPrometheus(PODS.map((pod) => ({ name: pod, port, path: `/${pod}` })));
  const startMs = await edgeAfter(await prometheus.scraped());
  let scrapedMs = startMs;
  for (let i = 0; i < ROUNDS; i++) scrapedMs = await round();
  window = { startMs, endMs: await edgeAfter(scrapedMs) };
});

afterAll(async () => {
  await prometheus.close();
  server.closeAllConnections();
  server.close();
});

/** As the controller asks after a failure: release/live/break-down.ts. */
async function counted(
  by: string,
  queries: { bad: string; total: string },
  over = window,
): Promise<Measurement | undefined> {
  const metric = {
    ...errorRateMetric(),
    queries: { canary: queries, stable: queries },
    breakdown: { by },
  };
  const template = { ...defaultTemplate(), intervalMs: 1000, metrics: [metric] };
  const [only] = await measure(
    {
      window: over,
      templates: [{ use: { template: 'http', args: {} }, template }],
      variables: { target: 'web', stablePods: 'web-1,web-2', canaryPods: 'web-canary-1' },
      byLabel: [metric.name],
    },
    new Map([['prometheus/default', endpointOver(prometheus.client)]]),
  );
  return only;
}

const explained = (by: string, measured: Measurement | undefined) =>
  breakDown(measured, {
    metric: 'errors',
    by,
    margin: errorRateMetric().harmMargin,
    phi: 1,
    alpha: 0.05,
    logWeight: countedFrom(window.startMs, window.endMs).logWeight,
  });

const whole = (ticks: readonly Counts[]) =>
  ticks.reduce(({ bad, total }, tick) => ({ bad: bad + tick.bad, total: total + tick.total }));
const sums = (measured: Measurement | undefined) =>
  measured?.outcome === 'ok' && measured.kind === 'byLabel'
    ? Object.fromEntries(
        measured.values.map(({ value, canary, stable }) => [
          value,
          { canary: whole(canary), stable: whole(stable) },
        ]),
      )
    : measured;

const FAILURES = 'failures_total{pod=~"{{pods}}"}';
const REQUESTS = 'requests_total{pod=~"{{pods}}"}';

const SUMS = { bad: `sum by (route) (${FAILURES})`, total: `sum by (route) (${REQUESTS})` };
const ROUTES = {
  '/': { canary: { bad: 6, total: 486 }, stable: { bad: 12, total: 972 } },
  '/cart': { canary: { bad: 6, total: 246 }, stable: { bad: 12, total: 492 } },
  '/buy': { canary: { bad: 60, total: 120 }, stable: { bad: 0, total: 240 } },
};

test.each([
  { read: 'counter by counter', bad: FAILURES, total: REQUESTS },
  { read: 'as sums', ...SUMS },
])('the route that only the canary breaks explains the failure: $read', async ({ bad, total }) => {
  const measured = await counted('route', { bad, total });
  expect(sums(measured)).toEqual(ROUTES);
  expect(explained('route', measured)).toMatchObject({
    rateOf: 'Value',
    compared: 3,
    sentence:
      'Of 3 values of route, only /buy explains the failure: canary 50% (60/120) bad against 0% (0/240) of stable.',
    values: [
      { value: '/buy', explains: true },
      { value: expect.any(String) as string, explains: false },
      { value: expect.any(String) as string, explains: false },
    ],
  });
});

test('the code with which only the canary answers so often explains the failure', async () => {
  const bad = 'requests_total{pod=~"{{pods}}",code=~"5.."}';
  const measured = await counted('code', { bad, total: REQUESTS });
  expect(sums(measured)).toEqual({
    '200': { canary: { bad: 0, total: 780 }, stable: { bad: 0, total: 1680 } },
    '500': { canary: { bad: 6, total: 6 }, stable: { bad: 12, total: 12 } },
    '503': { canary: { bad: 66, total: 66 }, stable: { bad: 12, total: 12 } },
  });
  expect(explained('code', measured)).toMatchObject({
    rateOf: 'Version',
    compared: 2,
    sentence:
      'Of 2 values of code, only 503 explains the failure: canary 7.75% (66/852) of all requests against 0.704% (12/1704) of stable.',
    values: [
      { value: '503', explains: true, canaryErrors: 66, canaryRequests: 852, stableRequests: 1704 },
      { value: '500', explains: false },
    ],
  });
});

test('requests from before are not counted again when a pod is scraped again', async () => {
  silent = 'web-1';
  const sinceMs = await eventually(async () => {
    const answer = await prometheus.client.instant('up == 0', Date.now());
    if (!answer.ok || answer.series.length === 0) throw new Error('still scraped');
    return Date.now();
  });
  await edgeAfter(sinceMs);
  silent = undefined;
  const longer = { ...window, endMs: await edgeAfter(await round()) };
  const measured = await counted('route', SUMS, longer);
  expect(sums(measured)).toEqual(ROUTES);
  const afterwards = { startMs: sinceMs, endMs: longer.endMs };
  expect(await counted('route', SUMS, afterwards)).toMatchObject({
    outcome: 'noData',
    sentence: expect.stringContaining('may be old requests coming back') as string,
  });
  expect(sums(await counted('route', { bad: FAILURES, total: REQUESTS }, afterwards))).toMatchObject({
    '/': { canary: { bad: 1, total: 81 }, stable: { bad: 2, total: 162 } },
  });
});
