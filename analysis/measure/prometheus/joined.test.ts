import { describe, expect, test } from 'vitest';
import { labelled, series } from '../../../test/support/measure-objects.ts';
import { prometheus, type Told } from '../../../test/support/told-prometheus.ts';
import type { Answer, Failure, PrometheusClient } from './client.ts';
import { joinedClient } from './joined.ts';

const AT = 115_000;
const A = 'x{s="a"}[45s]';
const B = 'x{s="b"}[45s]';
const TOLD: Told = { 'x{s="a"}[315s]': ['1 110:1'], 'x{s="b"}[315s]': ['2 110:2'] };
const named = (text: string, s: string) => labelled(series(text), { __name__: 'x', s });

async function asked(client: PrometheusClient, ...queries: string[]): Promise<Answer[]> {
  const joined = joinedClient(client);
  return Promise.all(queries.map((query) => joined.instant(query, AT)));
}

test('selectors of one moment are one query, and each gets its own series', async () => {
  const client = prometheus(TOLD);
  const answers = await asked(client, A, B, 'x{s="c"}[45s]');
  expect(answers.map((answer) => answer.ok && answer.series)).toEqual([
    [named('1 110:1', 'a')],
    [named('2 110:2', 'b')],
    [],
  ]);
  expect(client.asked).toEqual(['x{s=~"a|b|c"}[45s] @ 115000']);
});

test.each([
  ['another time', (joined: PrometheusClient) => joined.instant(B, AT + 1)],
  ['another range', (joined: PrometheusClient) => joined.instant('x{s="b"}[60s]', AT)],
  ['a history', (joined: PrometheusClient) => joined.instant(B, AT, { bulk: true })],
  ['a value', (joined: PrometheusClient) => joined.instant('sum(x{s="b"})', AT)],
  ['values over a range', (joined: PrometheusClient) => joined.instant('(sum(x{s="b"}))[45s:5s]', AT)],
  ['a comment', (joined: PrometheusClient) => joined.instant(`${B} # b`, AT)],
  ['a shifted range', (joined: PrometheusClient) => joined.instant('x{s="b"}[45s] offset 1m', AT)],
  ['no PromQL', (joined: PrometheusClient) => joined.instant('x{s="b"[45s]', AT)],
  [
    'a regular expression of others',
    (joined: PrometheusClient) => joined.instant('x{s=~"(?<=a)b"}[45s]', AT),
  ],
])('%s is asked by itself', async (_, other) => {
  const client = prometheus(TOLD);
  const joined = joinedClient(client);
  await Promise.all([joined.instant(A, AT), other(joined)]);
  expect(client.asked).toHaveLength(2);
  expect(client.asked).toContain(`${A} @ ${AT}`);
});

describe('a joint query that fails', () => {
  const failure = (rest: Partial<Failure>): Failure => ({
    ok: false,
    outcome: 'serverError',
    sentence: 'no',
    ...rest,
  });

  test.each([
    ['what it asks is refused', failure({ outcome: 'badQuery' })],
    ['it takes too long', failure({ outcome: 'timeout' })],
    ['its answer is too large', failure({ tooLarge: true })],
  ])('because %s is asked part by part, once', async (_, no) => {
    const client = prometheus({ ...TOLD, 'x{s="b"}[315s]': no });
    expect(await asked(client, A, B)).toEqual([{ ok: true, series: [series('1 110:1')] }, no]);
    expect(client.asked).toHaveLength(3);
  });

  test.each([
    ['Prometheus has a problem', failure({})],
    ['nobody asked it in time', failure({ outcome: 'timeout', unasked: true })],
  ])('because %s is not asked again', async (_, no) => {
    const client = prometheus({ ...TOLD, 'x{s="b"}[315s]': no });
    expect(await asked(client, A, B)).toEqual([no, no]);
    expect(client.asked).toHaveLength(1);
  });
});
