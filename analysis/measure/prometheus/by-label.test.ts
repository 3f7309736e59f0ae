import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../api/analysis.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import type { ErrorRateMetric } from '../../../api/kinds/template/kinds/error-rate.ts';
import {
  errorRateMetric,
  labelled,
  series,
  template,
  VARIABLES,
} from '../../../test/support/measure-objects.ts';
import { prometheus } from '../../../test/support/told-prometheus.ts';
import { tickFor } from '../by-label.ts';
import { measure } from '../measure.ts';
import type { Series } from './answer.ts';
import type { Answer } from './client.ts';
import { endpointOver } from './endpoint.ts';

/** Two intervals, so two ticks: to second 115, and to second 130. */
const WINDOW = { startMs: 100_000, endMs: 130_000 };
const queries = { bad: 'bad{s="{{service}}"}', total: 'all{s="{{service}}"}' };
const metric: ErrorRateMetric = {
  ...errorRateMetric(),
  queries: { canary: queries, stable: queries },
  breakdown: { by: 'route' },
};

const asking = (of: ErrorRateMetric, bound: Partial<BoundTemplate> = {}) => ({
  window: WINDOW,
  variables: VARIABLES,
  templates: [{ use: { template: 'http', args: {} }, template: template(of), ...bound }],
  byLabel: [of.name],
});

async function ask(
  answers: Record<string, (string | Series)[] | Answer>,
  of = metric,
): Promise<Measurement | undefined> {
  const [only, ...more] = await measure(
    asking(of),
    new Map([['prometheus/default', endpointOver(prometheus(answers))]]),
  );
  expect(more).toEqual([]);
  return only;
}

const of = (route: string, text: string): Series => labelled(series(text), { route });
const CANARY = { bad: 'bad{s="web-canary"}[330s]', all: 'all{s="web-canary"}[330s]' };
const STABLE = { bad: 'bad{s="web"}[330s]', all: 'all{s="web"}[330s]' };

test('both arms are counted for each value, in ticks of the interval', async () => {
  const got = await ask({
    [CANARY.all]: [of('/', 'a 95:5 110:25 125:35'), of('/buy', 'a 95:0 110:4 125:9')],
    [CANARY.bad]: [of('/buy', 'a 95:0 110:1 125:4')],
    [STABLE.all]: [of('/', 'b 95:100 110:150 125:250'), of('/', 'c 95:0 110:1 125:1')],
    [STABLE.bad]: [of('/', 'b 95:7 110:7 125:8')],
  });
  const none = { total: 0, bad: 0 };
  expect(got).toEqual({
    metric: 'errors',
    window: WINDOW,
    outcome: 'ok',
    kind: 'byLabel',
    tickMs: 15_000,
    values: [
      {
        value: '/buy',
        canary: [
          { total: 4, bad: 1 },
          { total: 5, bad: 3 },
        ],
        stable: [none, none],
      },
      {
        value: '/',
        canary: [
          { total: 20, bad: 0 },
          { total: 10, bad: 0 },
        ],
        stable: [
          { total: 51, bad: 0 },
          { total: 100, bad: 1 },
        ],
      },
    ],
  });
});

test('a first bad request is counted, and series without the label have an empty value', async () => {
  const got = await ask({
    [CANARY.all]: [of('/', 'a 95:5 110:25 125:35')],
    [CANARY.bad]: [of('/', 'a 110:2 125:2')],
    [STABLE.all]: ['b 95:1 110:2 125:3'],
    [STABLE.bad]: [],
  });
  expect(got).toMatchObject({
    values: [
      { value: '/', canary: [{ bad: 2 }, { bad: 0 }] },
      { value: '', stable: [{ total: 1 }, { total: 1 }] },
    ],
  });
});

describe('without counts', () => {
  const whole = {
    [CANARY.all]: ['a 95:5 110:25'],
    [CANARY.bad]: ['a 95:5 110:25'],
    [STABLE.all]: ['b 95:5 110:25'],
    [STABLE.bad]: ['b 95:5 110:25'],
  };
  const many = Array.from({ length: 201 }, (_, i) => of(`/${i}`, 'a 95:0 110:1'));

  test.each([
    {
      given: 'no series of bad requests has the label',
      answers: { ...whole, [CANARY.all]: [of('/', 'a 95:5 110:25')] },
      want: {
        outcome: 'badQuery',
        sentence:
          'no series of bad requests has the label route; name a label of the counters, and keep it in the queries: sum by (route) (…)',
      },
    },
    {
      given: 'there are too many values',
      answers: { ...whole, [STABLE.all]: many },
      want: {
        outcome: 'badQuery',
        sentence: 'label route has more than 200 values, too many to compare; break down by one with fewer',
      },
    },
    {
      given: 'there are no series',
      answers: {},
      want: { outcome: 'noData', sentence: 'Prometheus knows no requests of either version' },
    },
    {
      given: 'a counter is below zero',
      answers: { ...whole, [CANARY.bad]: [of('/', 'a 95:-9 110:NaN')] },
      want: { outcome: 'nan', sentence: 'the counts by route are not numbers of requests' },
    },
    {
      given: 'Prometheus does not answer',
      answers: {
        ...whole,
        [STABLE.bad]: {
          ok: false,
          outcome: 'timeout',
          sentence: 'Prometheus did not answer within 10 s',
        } as const,
      },
      want: { outcome: 'timeout', sentence: 'Prometheus did not answer within 10 s' },
    },
  ])('it is said that $given', async ({ answers, want }) => {
    expect(await ask(answers)).toMatchObject(want);
  });

  test('200 values are not too many', async () => {
    const got = await ask({
      ...whole,
      [CANARY.all]: many.slice(0, 199),
      [CANARY.bad]: [of('/0', 'a 95:0 110:1')],
    });
    expect(got).toMatchObject({ outcome: 'ok' });
  });

  test('nor may there be queries for pods that are gone', async () => {
    const byPods = { bad: 'bad{pod=~"{{pods}}"}', total: 'all{pod=~"{{pods}}"}' };
    const request = asking({ ...metric, queries: { canary: byPods, stable: byPods } });
    const [got] = await measure(
      { ...request, variables: { ...VARIABLES, canaryPods: '' } },
      new Map([['prometheus/default', endpointOver(prometheus({}))]]),
    );
    expect(got).toMatchObject({ outcome: 'noData' });
  });

  test('nor of a metric without a breakdown, or from a source that cannot count by label', async () => {
    const plain: ErrorRateMetric = { ...metric };
    delete plain.breakdown;
    expect(await ask(whole, plain)).toMatchObject({ outcome: 'badQuery' });
    const session = endpointOver(prometheus({})).session('shop');
    delete session.byLabel;
    const poor = { session: () => session, close: () => undefined };
    const [got] = await measure(asking(metric), new Map([['prometheus/default', poor]]));
    expect(got).toMatchObject({
      outcome: 'badQuery',
      sentence: 'prometheus/default has no breakdown; ask another source for it',
    });
  });
});

describe('sums', () => {
  const sum = (arm: string, part: string) => `(sum by (route) (${part}{s="${arm}"}))[330s:5s]`;
  const queriesOf = {
    bad: 'sum by (route) (bad{s="{{service}}"})',
    total: 'sum by (route) (all{s="{{service}}"})',
  };
  const summed = { ...metric, queries: { canary: queriesOf, stable: queriesOf } };
  const one = (samples: string): Series => labelled(series(`- ${samples}`), { route: '/' });
  const counted = (canary: string) =>
    ask(
      {
        [sum('web-canary', 'all')]: [one(canary)],
        [sum('web-canary', 'bad')]: [one('95:0 110:1 125:2')],
        [sum('web', 'all')]: [one('95:100 110:150 125:250')],
        [sum('web', 'bad')]: [one('95:7 110:7 125:8')],
      },
      summed,
    );

  test('ticks in which old requests may have come back count in neither version', async () => {
    const none = { total: 0, bad: 0 };
    expect(await counted('95:90 105:95 116:40 125:96')).toMatchObject({
      values: [{ value: '/', canary: [{ total: 5, bad: 1 }, none], stable: [{ total: 50, bad: 0 }, none] }],
    });
  });

  test.each([
    {
      given: 'a fall more than five minutes ago',
      samples: '-230:90 -205:40 95:40 110:45 125:47',
      want: [5, 2],
    },
    { given: 'a fall alone', samples: '95:90 110:45 125:45', want: [0, 0] },
  ])('$given costs no tick', async ({ samples, want }) => {
    expect(await counted(samples)).toMatchObject({
      values: [{ canary: want.map((total) => ({ total })), stable: [{ total: 50 }, { total: 100 }] }],
    });
  });

  test('it is said if nothing is left', async () => {
    expect(await counted('90:90 95:40 110:45 125:47')).toMatchObject({
      outcome: 'noData',
      sentence:
        'the sums fell and rose again, which may be old requests coming back; ask for the counters themselves, without sum(…)',
    });
  });
});

test('a piece that is too large is asked for in smaller ones', async () => {
  const small = prometheus({
    'all{s="web-canary"}[315s]': [of('/', 'a 95:5 110:25')],
    'all{s="web-canary"}[15s]': [of('/', 'a 110:25 125:35')],
    'bad{s="web-canary"}[315s]': [of('/', 'a 95:0 110:2')],
    'bad{s="web-canary"}[15s]': [of('/', 'a 125:3')],
    'all{s="web"}[315s]': [of('/', 'b 95:5 110:25')],
    'all{s="web"}[15s]': [of('/', 'b 125:35')],
  });
  const tooLarge: Answer = { ok: false, outcome: 'serverError', sentence: 'too large', tooLarge: true };
  const client = {
    ...small,
    instant: (promql: string, timeMs: number) =>
      promql.includes('[330s]') ? Promise.resolve(tooLarge) : small.instant(promql, timeMs),
  };
  const [got] = await measure(asking(metric), new Map([['prometheus/default', endpointOver(client)]]));
  expect(got).toMatchObject({
    values: [
      {
        canary: [
          { total: 20, bad: 2 },
          { total: 10, bad: 1 },
        ],
        stable: [{ total: 20 }, { total: 10 }],
      },
    ],
  });
});

test('a template of a tenant reads only series of its namespace', async () => {
  const client = prometheus({});
  const fence = { label: 'namespace', value: 'shop', metrics: ['errors'] };
  await measure(asking(metric, { fence }), new Map([['prometheus/default', endpointOver(client)]]));
  expect(client.asked.toSorted()).toEqual(
    ['all', 'bad']
      .flatMap((name) =>
        ['web', 'web-canary'].map((of) => `${name}{namespace="shop",s="${of}"}[330s] @ 130000`),
      )
      .sort(),
  );
});

test.each([
  { seconds: 10, want: 15 },
  { seconds: 15 * 30, want: 15 },
  { seconds: 15 * 30 + 1, want: 30 },
  { seconds: 7200, want: 240 },
])('$seconds s are cut into ticks of $want s', ({ seconds, want }) => {
  expect(tickFor({ startMs: 0, endMs: seconds * 1000 }, 15_000)).toBe(want * 1000);
});
