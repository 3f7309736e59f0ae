import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { PrometheusClient } from './client.ts';
import { createPrometheusClient } from './client.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | undefined;
let client: PrometheusClient | undefined;

/** A Prometheus that answers as the test says. */
async function against(
  handler: Handler,
  limits: { timeoutMs?: number; maxBytes?: number } = {},
): Promise<PrometheusClient> {
  const started = createServer(handler);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.address() as AddressInfo;
  client = createPrometheusClient({ url: `http://127.0.0.1:${port}`, ...limits });
  return client;
}

afterEach(() => {
  client?.close();
  server?.closeAllConnections();
  server?.close();
});

const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };

const json = (data: unknown): Handler => answer(200, JSON.stringify({ status: 'success', data }));
/** A whole answer with something beside it. */
const beside = (extra: Record<string, unknown>): Handler =>
  answer(200, JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] }, ...extra }));
const error = (status: number, errorType: string): Handler =>
  answer(status, JSON.stringify({ status: 'error', errorType, error: 'secret detail' }));

test('the query goes out as a form, evaluated at the given time, and partial answers are refused', async () => {
  const seen: string[] = [];
  const prometheus = await against((request, response) => {
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => seen.push(`${request.method} ${request.url} ${chunk}`));
    request.on('end', () => response.end('{"status":"success","data":{"resultType":"vector","result":[]}}'));
  });
  await prometheus.instant('up{a="b"}', 1_700_000_000_500);
  expect(seen).toEqual([
    'POST /api/v1/query query=up%7Ba%3D%22b%22%7D&time=1700000000.5&timeout=10000ms&partial_response=false',
  ]);
});

test('vectors, scalars and ranges become series of samples', async () => {
  const prometheus = await against(
    json({
      resultType: 'matrix',
      result: [
        {
          metric: { pod: 'a' },
          values: [
            [1.5, '1'],
            [2.5, '+Inf'],
            [3.5, 'NaN'],
          ],
        },
      ],
    }),
  );
  expect(await prometheus.instant('x', 0)).toEqual({
    ok: true,
    series: [
      {
        labels: { pod: 'a' },
        samples: [
          { timeMs: 1500, value: 1 },
          { timeMs: 2500, value: Infinity },
          { timeMs: 3500, value: NaN },
        ],
      },
    ],
    range: true,
  });
});

test.each([
  { infos: ['PromQL info: x'] },
  { warnings: ['PromQL info: x'] },
  { warnings: [{ toString: 1, valueOf: 1 }, [[[[1]]]]] },
  { warnings: [], isPartial: false },
])('an answer with mere hints is whole: %o', async (extra) => {
  const prometheus = await against(beside(extra));
  expect(await prometheus.instant('x', 0)).toEqual({ ok: true, series: [] });
});

test('native histograms are read with their buckets', async () => {
  const histogram = {
    count: '7',
    sum: '5',
    buckets: [
      [3, '-0.25', '0.25', '3'],
      [0, '0.5', '1', '4'],
    ],
  };
  const empty = { count: '0', sum: '0' };
  const metric = { pod: 'a' };
  const prometheus = await against(
    json({
      resultType: 'matrix',
      result: [
        {
          metric,
          histograms: [
            [1, empty],
            [2.5, histogram],
          ],
        },
      ],
    }),
  );
  const buckets = [
    { left: -0.25, right: 0.25, count: 3 },
    { left: 0.5, right: 1, count: 4 },
  ];
  const histograms = [
    { timeMs: 1000, buckets: [] },
    { timeMs: 2500, buckets },
  ];
  const series = [{ labels: metric, samples: [], histograms }];
  expect(await prometheus.instant('x', 0)).toEqual({ ok: true, series, range: true });
});

test('a scalar is one series of one sample', async () => {
  const prometheus = await against(json({ resultType: 'scalar', result: [7, '0.25'] }));
  expect(await prometheus.instant('x', 0)).toEqual({
    ok: true,
    series: [{ labels: {}, samples: [{ timeMs: 7000, value: 0.25 }] }],
  });
});

describe('what goes wrong is told apart, and nothing of the body is repeated', () => {
  test.each<[string, Handler, string, string]>([
    ['HTTP 503', answer(503, 'secret detail'), 'serverError', 'HTTP 503'],
    ['HTTP 500 with an error', error(500, 'internal'), 'serverError', 'HTTP 500'],
    ['a query Prometheus cannot read', error(400, 'bad_data'), 'badQuery', 'bad_data'],
    ['a query Prometheus cannot run', error(422, 'execution'), 'badQuery', 'execution'],
    ['a query that takes Prometheus too long', error(503, 'timeout'), 'timeout', 'gave up'],
    ['an invented kind of error', error(400, 'secret detail'), 'badQuery', 'unknown'],
    ['access denied', answer(403, ''), 'serverError', 'denies access'],
    ['another kind of server', answer(404, 'secret detail'), 'serverError', 'no Prometheus query API'],
    ['too many requests', answer(429, ''), 'serverError', 'so many queries'],
    ['garbage', answer(200, '<html>secret detail'), 'serverError', 'not what a Prometheus'],
    [
      'JSON of another kind',
      answer(200, '{"status":"success","data":[1]}'),
      'serverError',
      'not what a Prometheus',
    ],
    ['a redirect', answer(302, '', { location: 'http://127.0.0.1:1/' }), 'serverError', 'redirect'],
    ['a string', json({ resultType: 'string', result: [0, 'secret detail'] }), 'badQuery', 'a string'],
    [
      'a series that was a number and became a histogram',
      json({
        resultType: 'matrix',
        result: [{ metric: {}, values: [[0, '1']], histograms: [[1, { count: '0', sum: '0' }]] }],
      }),
      'badQuery',
      'numbers and native histograms',
    ],
    [
      'a native histogram that is none',
      json({
        resultType: 'matrix',
        result: [{ metric: {}, histograms: [[1, { buckets: [[0, 1, 2, 3]] }]] }],
      }),
      'serverError',
      'not what a Prometheus',
    ],
    [
      'native histograms at one instant',
      json({ resultType: 'vector', result: [{ metric: {}, histogram: [0, {}] }] }),
      'badQuery',
      'native',
    ],
    ['an error with HTTP 200', error(200, 'internal'), 'serverError', 'internal'],
    [
      'a store behind Prometheus that did not answer',
      beside({ warnings: ['PromQL info: secret detail', 'remote_read: secret detail'] }),
      'serverError',
      'incomplete',
    ],
    ['a missing storage node', beside({ isPartial: true }), 'serverError', 'incomplete'],
    [
      'a query that makes no sense',
      beside({ warnings: ['PromQL warning: secret detail'] }),
      'badQuery',
      'warns about the query',
    ],
  ])('%s', async (_, handler, outcome, piece) => {
    const prometheus = await against(handler);
    const got = await prometheus.instant('x', 0);
    if (got.ok) throw new Error('answered');
    expect(got.outcome).toBe(outcome);
    expect(got.sentence).toContain(piece);
    expect(got.sentence).not.toContain('secret detail');
  });

  test('an answer that never comes', async () => {
    const prometheus = await against(() => undefined, { timeoutMs: 50 });
    expect(await prometheus.instant('x', 0)).toMatchObject({ ok: false, outcome: 'timeout' });
  });

  test('an answer that drips for ever', async () => {
    const prometheus = await against(
      (_request, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 5);
        response.on('close', () => clearInterval(drip));
      },
      { timeoutMs: 100 },
    );
    expect(await prometheus.instant('x', 0)).toMatchObject({ ok: false, outcome: 'timeout' });
  });

  test('an answer larger than the limit', async () => {
    const prometheus = await against(answer(200, 'x'.repeat(5000)), { maxBytes: 2048 });
    const got = await prometheus.instant('x', 0);
    const sentence = 'the answer is larger than 2 KiB';
    expect(got).toEqual({ ok: false, outcome: 'serverError', sentence, tooLarge: true });
  });

  test('nobody listening', async () => {
    const prometheus = await against(answer(200, ''));
    await new Promise((resolve) => server?.close(resolve));
    const got = await prometheus.instant('x', 0);
    expect(got).toMatchObject({ ok: false, outcome: 'serverError' });
    expect(got).toHaveProperty('sentence', 'Prometheus cannot be reached (ECONNREFUSED)');
  });
});

describe('many queries at once', () => {
  const empty = '{"status":"success","data":{"resultType":"vector","result":[]}}';

  test('at most 8 are asked at a time, of the large ones one', async () => {
    const waiting: ServerResponse[] = [];
    let running = 0;
    const peaks: number[] = [];
    const prometheus = await against((_request, response) => {
      peaks.push(++running);
      waiting.push(response);
      setImmediate(() => {
        running--;
        waiting.shift()?.end(empty);
      });
    });
    const many = (options?: { bulk: boolean }): Promise<unknown> =>
      Promise.all(Array.from({ length: 20 }, () => prometheus.instant('x', 0, options)));
    await many();
    expect(peaks).toHaveLength(20);
    expect(Math.max(...peaks)).toBeLessThanOrEqual(8);
    peaks.length = 0;
    await many({ bulk: true });
    expect(peaks).toEqual(new Array(20).fill(1));
  });

  test('a neighbour whose queries are never answered leaves connections for the others', async () => {
    const prometheus = await against((request, response) => {
      request.setEncoding('utf8');
      // "slow" is what the neighbour asks.
      request.on('data', (body: string) => {
        if (!body.includes('slow')) response.end(empty);
      });
    });
    const ended: string[] = [];
    for (let i = 0; i < 40; i++)
      void prometheus.instant('slow', 0, { namespace: 'noisy' }).then(() => ended.push('noisy'));
    const others = Array.from({ length: 10 }, (_, i) =>
      prometheus.instant('up', 0, { namespace: `quiet-${i % 2}` }),
    );
    expect((await Promise.all(others)).every(({ ok }) => ok)).toBe(true);
    expect(ended).toEqual([]);
  });

  test('a large answer is taken from a query that is known to have one', async () => {
    const samples = Array.from({ length: 100 }, (_, i) => [i, '1']);
    const result = [{ metric: {}, values: samples }];
    const large = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
    const prometheus = await against(answer(200, large), { maxBytes: Math.ceil(large.length / 2) });
    expect([
      (await prometheus.instant('x', 0)).ok,
      (await prometheus.instant('x', 0, { bulk: true })).ok,
    ]).toEqual([false, true]);
  });

  test('the clock of a query starts when it is asked; one that waits too long is not asked', async () => {
    let asked = 0;
    const prometheus = await against(() => asked++, { timeoutMs: 1000 });
    const answers = await Promise.all(Array.from({ length: 80 }, () => prometheus.instant('x', 0)));
    expect(answers.every((one) => !one.ok && one.outcome === 'timeout')).toBe(true);
    expect(asked).toBeGreaterThan(8);
    expect(asked).toBeLessThan(80);
  });
});
