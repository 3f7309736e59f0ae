import { describe, expect, test } from 'vitest';
import type { Series } from './prometheus/answer.ts';
import type { Answer } from './prometheus/client.ts';
import { measured, native, series, seriesMetric, WINDOW } from '../../test/support/measure-objects.ts';
import { prometheus } from '../../test/support/told-prometheus.ts';

const metric = seriesMetric();
const CANARY = 'cpu{pod=~"web-canary-1"}';
const STABLE = 'cpu{pod=~"web-1|web-2"}';

describe('series', () => {
  test('one value per arm at the end of the window', async () => {
    const client = prometheus({ [CANARY]: ['a 115:0.25'], [STABLE]: ['b 115:0.5'] });
    expect(await measured(metric, client)).toEqual({
      metric: 'cpu',
      window: WINDOW,
      outcome: 'ok',
      kind: 'numbers',
      canary: 0.25,
      stable: 0.5,
    });
    expect(client.asked).toEqual([`${CANARY} @ 115000`, `${STABLE} @ 115000`]);
  });

  test('stable may have a query of its own', async () => {
    const client = prometheus({ [CANARY]: ['a 115:0.25'], 'cpu:stable': ['b 115:0.75'] });
    expect(await measured({ ...metric, stableQuery: 'cpu:stable' }, client)).toMatchObject({ stable: 0.75 });
  });

  test.each<[string, (string | Series)[] | Answer, string, string]>([
    ['nothing', [], 'noData', 'no series'],
    ['several series', ['a 115:1', 'b 115:1'], 'severalSeries', 'returns 2 series'],
    ['NaN', ['a 115:NaN'], 'nan', 'NaN'],
    ['an infinite value', ['a 115:Infinity'], 'nan', 'infinite'],
    ['a range', { ok: true, series: [series('a 110:1')], range: true }, 'badQuery', 'a range'],
    [
      'native histograms',
      { ok: true, series: [native('a', { 110: [] })], range: true },
      'badQuery',
      'a range',
    ],
    ['no answer', { ok: false, outcome: 'serverError', sentence: 'gone' }, 'serverError', 'gone'],
  ])('%s, of either arm, is no value', async (_, answer, outcome, piece) => {
    const fine = ['a 115:1'];
    for (const [arm, client] of [
      ['canary', prometheus({ [CANARY]: answer, [STABLE]: fine })],
      ['stable', prometheus({ [CANARY]: fine, [STABLE]: answer })],
    ] as const) {
      const got = await measured(metric, client);
      expect(got.outcome).toBe(outcome);
      expect(got).toHaveProperty('sentence', expect.stringMatching(new RegExp(`^${arm}: .*${piece}`)));
    }
  });

  test('nan: zero takes NaN for 0', async () => {
    const client = prometheus({ [CANARY]: ['a 115:NaN'], [STABLE]: ['a 115:1'] });
    expect(await measured({ ...metric, nan: 'zero' }, client)).toMatchObject({ outcome: 'ok', canary: 0 });
  });
});
