import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpointOver } from './prometheus/endpoint.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import type { Series } from './prometheus/answer.ts';
import { measure } from './measure.ts';
import type { Answer } from './prometheus/client.ts';
import {
  errorRateMetric,
  labelled,
  measured,
  native,
  series,
  template,
  thresholdMetric,
  VARIABLES as variables,
  WINDOW as window,
} from '../../test/support/measure-objects.ts';
import { prometheus } from '../../test/support/told-prometheus.ts';

/** Names the query, the time and the value. */
const SAMPLE =
  /^(canary|stable) (bad|total): a sample of \S+Z is \S+, which is .* and no count; look at the exporter/;

const errors = errorRateMetric();
const latency = thresholdMetric();

const CANARY_TOTAL = 'all{s="web-canary"}[315s]';
const CANARY_BAD = 'bad{s="web-canary"}[315s]';
const STABLE_TOTAL = 'all{s="web"}[315s]';
const STABLE_BAD = 'bad{s="web"}[315s]';

describe('error rates', () => {
  test('counts are summed over series, for both arms over the same window', async () => {
    const client = prometheus({
      [CANARY_TOTAL]: ['a 95:5 110:25', 'b 95:1 110:11'],
      [CANARY_BAD]: ['a 95:0 110:3'],
      [STABLE_TOTAL]: ['a 95:1000 110:1400'],
      [STABLE_BAD]: ['a 95:10 110:14'],
    });
    expect(await measured(errors, client)).toEqual({
      metric: 'errors',
      window,
      outcome: 'ok',
      kind: 'counts',
      canary: { total: 30, bad: 3 },
      stable: { total: 400, bad: 4 },
    });
    expect(client.asked).toEqual(['{__name__=~"all|bad",s=~"web|web-canary"}[45s] @ 115000']);
  });

  test('no series of bad requests means that none was bad', async () => {
    const got = await measured(
      errors,
      prometheus({ [CANARY_TOTAL]: ['a 95:5 110:25'], [STABLE_TOTAL]: ['a 95:1000 110:1400'] }),
    );
    expect(got).toMatchObject({ canary: { total: 20, bad: 0 }, stable: { total: 400, bad: 0 } });
  });

  test.each([
    ['the canary', { [STABLE_TOTAL]: ['a 95:1 110:2'] }, 'Prometheus knows no requests of the canary'],
    ['stable', { [CANARY_TOTAL]: ['a 95:1 110:2'] }, 'Prometheus knows no requests of stable'],
    [
      'stable',
      { [CANARY_TOTAL]: ['a 95:1 110:2'], [STABLE_TOTAL]: ['a 90:1 95:2'] },
      'no new sample of stable in this window',
    ],
  ])('nothing known of %s is no data', async (_, answers, piece) => {
    const got = await measured(errors, prometheus(answers));
    expect(got.outcome).toBe('noData');
    expect(got).toHaveProperty('sentence', expect.stringContaining(piece));
  });

  test('a first error on a source without earlier series counts if the source was scraped before', async () => {
    const answers = {
      [CANARY_TOTAL]: ['new 105:7 110:9'],
      [CANARY_BAD]: ['new 105:2 110:3'],
      [STABLE_TOTAL]: ['a 95:1000 110:1400'],
    };
    const up = 'up{job=~"web",instance=~"new"}[315s]';
    const scraped = prometheus({ ...answers, [up]: ['new 90:1 105:1 110:1'] });
    expect(await measured(errors, scraped)).toMatchObject({ canary: { total: 9, bad: 3 } });
    const down = prometheus({ ...answers, [up]: ['new 90:0 105:1 110:1'] });
    expect(await measured(errors, down)).toMatchObject({ canary: { total: 2, bad: 1 } });
  });

  test('a query that is no plain selector is asked as a subquery', async () => {
    const summed: Metric = {
      ...errors,
      queries: {
        canary: { bad: 'sum(bad{code=~"{{args.code}}"})', total: 'sum(all{path="{{args.path}}"})' },
        stable: { bad: 'sum(bad)', total: 'sum(all)' },
      },
    };
    const client = prometheus({
      '(sum(all{path="/a\\"b"}))[315s:5s]': ['- 100:10 115:30'],
      '(sum(bad{code=~"5\\\\.\\\\."}))[315s:5s]': ['- 105:1 115:2'],
      '(sum(all))[315s:5s]': ['- 100:100 105:120 115:90'],
    });
    expect(await measured(summed, client)).toMatchObject({
      canary: { total: 20, bad: 2 },
      stable: { total: 20, bad: 0 },
    });
  });

  test.each([
    { when: 'in the window', stable: '- 100:1000 105:90 115:1010' },
    { when: 'before the window', stable: '- 80:1000 90:90 100:90 115:1010' },
  ])(
    'a sum that rises after a member went away $when is no data: its return would count again',
    async ({ stable }) => {
      const sum = { bad: 'sum(bad)', total: 'sum(all)' };
      const summed: Metric = { ...errors, queries: { canary: { bad: 'bad', total: 'all' }, stable: sum } };
      const client = prometheus({
        'all[315s]': ['a 95:10 110:30'],
        '(sum(all))[315s:5s]': [stable],
      });
      const got = await measured(summed, client);
      expect(got).toMatchObject({ outcome: 'noData' });
      expect(got).toHaveProperty('sentence', expect.stringContaining('stable total: the value fell'));
    },
  );

  test('a raw counter that starts anew counts on', async () => {
    const client = prometheus({ [CANARY_TOTAL]: ['a 95:10 100:2 110:5'], [STABLE_TOTAL]: ['b 95:1 110:3'] });
    expect(await measured(errors, client)).toMatchObject({ canary: { total: 3 } });
  });

  test('queries that do not count the same requests are refused', async () => {
    const got = await measured(
      errors,
      prometheus({
        [CANARY_TOTAL]: ['a 95:5 110:25'],
        [CANARY_BAD]: ['a 95:0 110:50'],
        [STABLE_TOTAL]: ['a 95:5 110:25'],
      }),
    );
    expect(got.outcome).toBe('badQuery');
    expect(got).toHaveProperty('sentence', expect.stringContaining('50 bad requests out of 20'));
  });

  test('one failed query fails the metric and says which', async () => {
    const failure = { ok: false, outcome: 'timeout', sentence: 'too slow' } as const;
    const got = await measured(
      errors,
      prometheus({ [CANARY_TOTAL]: ['a 95:5 110:25'], [STABLE_TOTAL]: failure }),
    );
    expect(got).toMatchObject({ outcome: 'timeout', sentence: 'stable total: too slow' });
  });

  test('native histograms are no counters', async () => {
    const got = await measured(
      errors,
      prometheus({ [CANARY_TOTAL]: [native('a', {})], [STABLE_TOTAL]: ['a 95:5 110:25'] }),
    );
    expect(got).toMatchObject({ outcome: 'badQuery' });
    expect(got).toHaveProperty('sentence', expect.stringContaining('histogram_count'));
  });

  test.each([
    ['NaN', 'NaN', 'not a number'],
    ['Infinity', 'Infinity', 'above 2\\^53'],
    ['-1', '-1', 'below 0'],
    ['9007199254740992', '9007199254740992', 'above 2\\^53'],
  ])(
    'a sample of %s cannot be a count, so nothing is counted, and the query is named',
    async (value, shown, why) => {
      const counters: [string, string][] = [
        [CANARY_TOTAL, 'canary total'],
        [CANARY_BAD, 'canary bad'],
        [STABLE_TOTAL, 'stable total'],
        [STABLE_BAD, 'stable bad'],
      ];
      const fine: Record<string, string[]> = {
        [CANARY_TOTAL]: ['a 95:5 110:25'],
        [STABLE_TOTAL]: ['a 95:5 110:25'],
      };
      for (const [query, what] of counters) {
        for (const samples of [`b 95:${value} 110:5`, `b 95:1 105:${value} 110:5`, `b 95:1 110:${value}`]) {
          const sound = fine[query] ?? [];
          const got = await measured(errors, prometheus({ ...fine, [query]: [...sound, samples] }));
          expect(got.outcome).toBe('nan');
          expect(got).toHaveProperty(
            'sentence',
            expect.stringMatching(
              new RegExp(`^${what}: a sample of 1970-01-01T00:01:\\S+ is ${shown}, which is ${why}`),
            ),
          );
        }
      }
    },
  );

  test('a sample that cannot be a count does not matter where it is not counted', async () => {
    const got = await measured(
      errors,
      prometheus({
        [CANARY_TOTAL]: ['a 80:-7 95:5 110:25', 'gone 80:-7 95:NaN'],
        [STABLE_TOTAL]: ['a 95:5 110:25'],
      }),
    );
    expect(got).toMatchObject({ outcome: 'ok', canary: { total: 20 } });
  });

  test('numbers are numbers: whatever counters hold, a measurement has possible counts or says what was wrong', async () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 1000 }),
      fc.constantFrom(NaN, Infinity, -Infinity, -1, -0.5, 2 ** 53, 2 ** 53 - 1, 1e300),
    );
    const samples = fc.array(value, { minLength: 3, maxLength: 3 });
    const shown = ([before, first, last]: number[]): string[] => [`a 95:${before} 105:${first} 115:${last}`];
    await fc.assert(
      fc.asyncProperty(samples, samples, samples, async (canary, bad, stable) => {
        const got = await measured(
          errors,
          prometheus({
            [CANARY_TOTAL]: shown(canary),
            [CANARY_BAD]: shown(bad),
            [STABLE_TOTAL]: shown(stable),
          }),
        );
        const all = [...canary, ...bad, ...stable];
        const possible = all.every((each) => each >= 0 && each < 2 ** 53);
        if (!possible)
          expect(got).toMatchObject({ outcome: 'nan', sentence: expect.stringMatching(SAMPLE) as string });
        if (got.outcome !== 'ok' || got.kind !== 'counts') return;
        for (const each of [got.canary.total, got.canary.bad, got.stable.total]) {
          expect(each >= 0 && each < 2 ** 53).toBe(true);
        }
      }),
    );
  });
});

describe('the history of stable', () => {
  const answers = { [CANARY_TOTAL]: ['a 95:5 110:25'], [STABLE_TOTAL]: ['a 95:1000 110:1400'] };

  test('it is cut into windows as long as the one measured, from the first with requests on', async () => {
    const client = prometheus({
      ...answers,
      'all{s="web"}[3900s]': ['a 40:100 55:110 70:130 85:160 100:200'],
      'bad{s="web"}[3900s]': ['a 80:1 90:3'],
    });
    const got = await measured(errors, client, { calibrate: true });
    expect(got).toMatchObject({
      outcome: 'ok',
      stable: { total: 400 },
      history: {
        stable: [
          { total: 10, bad: 0 },
          { total: 20, bad: 0 },
          { total: 30, bad: 1 },
          { total: 40, bad: 2 },
        ],
      },
    });
    expect(client.asked.slice(-2)).toEqual(['bad{s="web"}[3900s] @ 100000', 'all{s="web"}[3900s] @ 100000']);
  });

  test('series of the arms own pods are counted pod by pod, those of a gateway are not', async () => {
    const podSeries = (pod: string, samples: string): Series =>
      labelled(series(`${pod} ${samples}`), { pod });
    const own = (pods: Series[]): Answer => ({ ok: true, series: pods });
    const client = prometheus({
      [CANARY_TOTAL]: own([podSeries('web-canary-1', '95:5 110:25')]),
      [STABLE_TOTAL]: own([podSeries('web-1', '95:10 110:40'), podSeries('web-2', '95:0 110:20')]),
      [STABLE_BAD]: own([podSeries('web-2', '95:0 110:2')]),
      'all{s="web"}[11100s]': own([podSeries('web-1', '70:0 85:10'), podSeries('gone', '70:0 85:4 100:9')]),
    });
    const got = await measured(errors, client, { calibrate: true });
    expect(got).toMatchObject({
      stable: { total: 50, bad: 2 },
      pods: {
        canary: { 'web-canary-1': { total: 20, bad: 0 } },
        stable: { 'web-1': { total: 30, bad: 0 }, 'web-2': { total: 20, bad: 2 } },
      },
      history: {
        stable: [{ total: 14 }, { total: 5 }],
        pods: { 'web-1': [{ total: 10 }, { total: 0 }], gone: [{ total: 4 }, { total: 5 }] },
      },
    });
    const gateway = await measured(
      errors,
      prometheus({
        [CANARY_TOTAL]: own([podSeries('gateway-0', '95:5 110:25')]),
        [STABLE_TOTAL]: own([podSeries('gateway-0', '95:10 110:40')]),
      }),
    );
    expect(gateway).toMatchObject({ outcome: 'ok', stable: { total: 30 } });
    expect(gateway).not.toHaveProperty('pods');
  });

  test('without it the measurement stands', async () => {
    const failure = { ok: false, outcome: 'serverError', sentence: 'too large' } as const;
    const client = prometheus({ ...answers, 'all{s="web"}[3900s]': failure });
    const got = await measured(errors, client, { calibrate: true });
    expect(got).toMatchObject({ outcome: 'ok', stable: { total: 400 } });
    expect(got).not.toHaveProperty('history');
  });
});

describe('thresholds', () => {
  const QUERY = 'latency{pod=~"web-canary-1"}';

  test('one number at the end of the window', async () => {
    const client = prometheus({ [QUERY]: ['a 115:0.25'] });
    expect(await measured(latency, client)).toEqual({
      metric: 'latency',
      window,
      outcome: 'ok',
      kind: 'numbers',
      canary: 0.25,
    });
    expect(client.asked).toEqual([`${QUERY} @ 115000`]);
  });

  test('stable is asked as well if a condition names it', async () => {
    const client = prometheus({ [QUERY]: ['a 115:0.25'], 'latency{pod=~"web-1|web-2"}': ['a 115:0.5'] });
    const got = await measured({ ...latency, success: 'canary < stable' }, client);
    expect(got).toMatchObject({ canary: 0.25, stable: 0.5 });
  });

  test.each<[string, string[] | Answer, string]>([
    ['no series', [], 'noData'],
    ['several series', ['a 115:1', 'b 115:1'], 'severalSeries'],
    ['NaN', ['a 115:NaN'], 'nan'],
    ['a range', { ok: true, series: [series('a 110:1 115:1')], range: true }, 'badQuery'],
    ['a range of one sample', { ok: true, series: [series('a 112:1')], range: true }, 'badQuery'],
    ['an empty range', { ok: true, series: [], range: true }, 'badQuery'],
  ])('%s', async (_, answer, outcome) => {
    expect((await measured(latency, prometheus({ [QUERY]: answer }))).outcome).toBe(outcome);
  });

  test.each([
    ['Infinity', Number.MAX_VALUE],
    ['-Infinity', -Number.MAX_VALUE],
  ])('%s becomes the largest number, for it has to travel as JSON', async (value, want) => {
    const client = prometheus({ [QUERY]: [`a 115:${value}`] });
    expect(await measured(latency, client)).toMatchObject({ outcome: 'ok', canary: want });
  });

  test('two infinities are not equal', async () => {
    const client = prometheus({
      [QUERY]: ['a 115:Infinity'],
      'latency{pod=~"web-1|web-2"}': ['a 115:Infinity'],
    });
    const got = await measured({ ...latency, success: 'canary <= stable' }, client);
    expect(got).toMatchObject({ outcome: 'nan' });
  });

  test('nan: zero takes NaN for 0', async () => {
    const client = prometheus({ [QUERY]: ['a 115:NaN'] });
    expect(await measured({ ...latency, nan: 'zero' }, client)).toMatchObject({ outcome: 'ok', canary: 0 });
  });

  test('a list of pods without a pod is no data', async () => {
    expect((await measured(latency, prometheus({}), { canaryPods: '' })).outcome).toBe('noData');
  });
});

test('an argument without a value is not filled from what every object inherits', async () => {
  const metric: Metric = { ...latency, query: 'latency{pod="{{args.constructor}}"}' };
  const unbound = { ...template(metric), args: [{ name: 'constructor' }] };
  const [got] = await measure(
    { window, variables, templates: [{ use: { template: 'http', args: {} }, template: unbound }] },
    new Map([['prometheus/default', endpointOver(prometheus({}))]]),
  );
  expect(got).toMatchObject({ outcome: 'badQuery' });
});

test('a template whose Prometheus is not configured, or whose queries are missing, is not measured', async () => {
  const unresolved = { ...errors };
  delete unresolved.queries;
  expect(await measured(unresolved, prometheus({}))).toMatchObject({ outcome: 'badQuery' });
  const [nowhere] = await measure(
    { window, variables, templates: [{ use: { template: 'http', args: {} }, template: template(errors) }] },
    new Map(),
  );
  expect(nowhere).toMatchObject({
    outcome: 'serverError',
    sentence:
      'the controller has no end point prometheus/default; start it with --source prometheus/default=<url>',
  });
});
