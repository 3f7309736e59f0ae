import { describe, expect, test } from 'vitest';
import type { Series } from './answer.ts';
import type { Answer } from './client.ts';
import {
  classic,
  labelled,
  latencyMetric,
  measured,
  native,
  series,
  WINDOW,
} from '../../../test/support/measure-objects.ts';
import { prometheus } from '../../../test/support/told-prometheus.ts';

const CANARY = 'time{s="web-canary"}[315s]';
const STABLE = 'time{s="web"}[315s]';

/** A canary with 1 request up to 0.1 s, 2 up to 1 s and 3 above in the window. */
const canary = classic('c', { '0.1': '95:5 110:6', '1': '95:7 110:10', '+Inf': '95:8 110:14' });
const stable = classic('s', { '0.1': '95:50 110:90', '1': '95:70 110:120', '+Inf': '95:70 110:120' });

describe('classic histograms', () => {
  test('cumulative buckets become counts per bucket, for both arms over the same window', async () => {
    const client = prometheus({ [CANARY]: canary, [STABLE]: stable });
    expect(await measured(latencyMetric(), client)).toEqual({
      metric: 'latency',
      window: WINDOW,
      outcome: 'ok',
      kind: 'histograms',
      canary: { bounds: [0.1, 1], counts: [1, 2, 3], layout: 'classic' },
      stable: { bounds: [0.1, 1], counts: [40, 10, 0], layout: 'classic' },
    });
    expect(client.asked).toEqual(['time{s=~"web|web-canary"}[45s] @ 115000']);
  });

  test('series of one arm are added up, whatever their labels', async () => {
    const more = classic(
      'c',
      { '0.1': '95:1 110:2', '1.0': '95:1 110:2', '+Inf': '95:1 110:2' },
      { path: '/' },
    );
    const client = prometheus({ [CANARY]: [...canary, ...more], [STABLE]: stable });
    expect(await measured(latencyMetric(), client)).toMatchObject({ canary: { counts: [2, 2, 3] } });
  });

  test('a bucket that falls is a restart of the whole histogram, even where others passed what they had', async () => {
    const restarted = classic('c', { '0.1': '95:5 110:7', '1': '95:20 110:8', '+Inf': '95:50 110:9' });
    const client = prometheus({ [CANARY]: restarted, [STABLE]: stable });
    expect(await measured(latencyMetric(), client)).toMatchObject({ canary: { counts: [7, 1, 1] } });
  });

  test('a restart that overtook all it had before is seen by what would be missing', async () => {
    const restarted = classic('c', { '0.1': '95:5 110:90', '1': '95:50 110:100', '+Inf': '95:50 110:100' });
    const client = prometheus({ [CANARY]: restarted, [STABLE]: stable });
    expect(await measured(latencyMetric(), client)).toMatchObject({ canary: { counts: [90, 10, 0] } });
  });

  test('a histogram born on a source that was being scraped counts from 0, on a new source it does not', async () => {
    const born = classic('c', { '0.1': '105:2 110:3', '1': '105:4 110:5', '+Inf': '105:4 110:6' });
    const up = 'up{job=~"web",instance=~"c"}[315s]';
    const answers = { [CANARY]: born, [STABLE]: stable };
    const scraped = prometheus({ ...answers, [up]: ['c 90:1 105:1 110:1'] });
    expect(await measured(latencyMetric(), scraped)).toMatchObject({ canary: { counts: [3, 2, 1] } });
    const unknown = prometheus({ ...answers, [up]: ['c 105:1 110:1'] });
    expect(await measured(latencyMetric(), unknown)).toMatchObject({ canary: { counts: [1, 0, 1] } });
  });

  test('different layouts are brought to the bounds all of them have, in both arms', async () => {
    const buckets = { '1': '95:10 110:20', '5': '95:10 110:21', '+Inf': '95:10 110:21' };
    const wide = classic('s', buckets, { version: 'old' });
    const client = prometheus({ [CANARY]: canary, [STABLE]: [...stable, ...wide] });
    expect(await measured(latencyMetric(), client)).toMatchObject({
      canary: { bounds: [1], counts: [3, 3] },
      stable: { bounds: [1], counts: [60, 1] },
    });
  });

  test('pods that are gone do not matter, whatever their layout was', async () => {
    const gone = classic('old', { '3': '80:1 95:2', '+Inf': '80:1 95:2' });
    const client = prometheus({ [CANARY]: canary, [STABLE]: [...stable, ...gone] });
    expect(await measured(latencyMetric(), client)).toMatchObject({ stable: { bounds: [0.1, 1] } });
  });

  test('a layout that changes in the window is compared by the bounds both have', async () => {
    const changed = classic('c', {
      '0.1': '95:5',
      '0.2': '110:6',
      '1': '95:7 110:10',
      '+Inf': '95:8 110:14',
    });
    const client = prometheus({ [CANARY]: changed, [STABLE]: stable });
    expect(await measured(latencyMetric(), client)).toMatchObject({
      canary: { bounds: [1], counts: [3, 3] },
    });
  });

  test('bounds at or below 0 are none, for durations are not negative', async () => {
    const odd = classic('c', { '0': '95:1 110:2', '1': '95:7 110:10', '+Inf': '95:8 110:14' });
    const client = prometheus({ [CANARY]: odd, [STABLE]: stable });
    expect(await measured(latencyMetric(), client)).toMatchObject({
      canary: { bounds: [1], counts: [3, 3] },
    });
  });

  test('an exporter that reads its buckets one after the other loses nothing, and has not restarted', async () => {
    const racy = classic('c', {
      '0.1': '95:5000 110:5009',
      '1': '95:7000 110:7003',
      '+Inf': '95:8000 110:8003',
    });
    const client = prometheus({ [CANARY]: racy, [STABLE]: stable });
    expect(await measured(latencyMetric(), client)).toMatchObject({ canary: { counts: [3, 0, 0] } });
  });

  test('sums by le are read as a subquery; one whose member comes back is no data', async () => {
    const summed = latencyMetric('sum by (le) (time{s="{{service}}"})');
    const query = (arm: string): string => `(sum by (le) (time{s="${arm}"}))[315s:5s]`;
    const of = (samples: string): Series[] => classic('-', { '1': samples, '+Inf': samples });
    const fine = prometheus({
      [query('web-canary')]: of('100:5 115:8'),
      [query('web')]: of('100:9 105:5 115:5'),
    });
    expect(await measured(summed, fine)).toMatchObject({
      canary: { counts: [3, 0] },
      stable: { counts: [0, 0] },
    });
    const back = prometheus({
      [query('web-canary')]: of('100:5 115:8'),
      [query('web')]: of('100:9 105:5 115:12'),
    });
    const got = await measured(summed, back);
    expect(got).toMatchObject({ outcome: 'noData' });
    expect(got).toHaveProperty('sentence', expect.stringContaining('stable buckets: the value fell'));
  });

  test('series of the arms own pods are counted pod by pod as well', async () => {
    const own = (pod: string, samples: string): Series[] =>
      classic(pod, { '1': samples, '+Inf': samples }, { pod });
    const answers = { [CANARY]: own('web-canary-1', '95:0 110:4') };
    const all = [...own('web-1', '95:1 110:3'), ...own('web-2', '95:1 110:2')];
    expect(await measured(latencyMetric(), prometheus({ ...answers, [STABLE]: all }))).toMatchObject({
      pods: {
        canary: { 'web-canary-1': { bounds: [1], counts: [4, 0], layout: 'classic' } },
        stable: { 'web-1': { counts: [2, 0] }, 'web-2': { counts: [1, 0] } },
      },
    });
    const gateway = await measured(
      latencyMetric(),
      prometheus({ ...answers, [STABLE]: own('gw', '95:1 110:3') }),
    );
    expect(gateway).toMatchObject({ outcome: 'ok' });
    expect(gateway).not.toHaveProperty('pods');
  });
});

describe('native histograms', () => {
  test('what was added to each bucket counts; empty ones are not listed', async () => {
    const client = prometheus({
      [CANARY]: [
        native('c', {
          95: [[1, 2, 5]],
          110: [
            [0.5, 1, 2],
            [1, 2, 6],
            [8, 16, 1],
          ],
        }),
      ],
      [STABLE]: [
        native('s', {
          95: [],
          110: [
            [-1e-3, 1e-3, 2],
            [1, 2, 3],
          ],
        }),
      ],
    });
    expect(await measured(latencyMetric(), client)).toMatchObject({
      canary: { bounds: [0.5, 1, 2, 8, 16], counts: [0, 2, 1, 0, 1, 0], layout: 'native' },
      stable: { bounds: [1e-3, 1, 2], counts: [2, 0, 3, 0], layout: 'native' },
    });
  });

  test('a bucket that falls is a restart of the whole', async () => {
    const client = prometheus({
      [CANARY]: [
        native('c', {
          95: [
            [0.5, 1, 9],
            [1, 2, 5],
          ],
          110: [
            [0.5, 1, 1],
            [1, 2, 6],
          ],
        }),
      ],
      [STABLE]: [native('s', { 95: [[1, 2, 5]], 110: [[2, 4, 6]] })],
    });
    expect(await measured(latencyMetric(), client)).toMatchObject({
      canary: { bounds: [0.5, 1, 2], counts: [0, 1, 6, 0] },
      stable: { bounds: [2, 4], counts: [0, 6, 0] },
    });
  });

  test('when the resolution is lowered, and the zero bucket widened, nothing counts twice', async () => {
    const client = prometheus({
      [CANARY]: [
        native('c', {
          95: [
            [0.25, 0.5, 1],
            [1, 2 ** 0.5, 3],
            [2 ** 0.5, 2, 4],
          ],
          110: [
            [-0.5, 0.5, 1],
            [1, 2, 9],
          ],
        }),
      ],
      [STABLE]: [native('s', { 95: [], 110: [[1, 2 ** 0.5, 3]] })],
    });
    expect(await measured(latencyMetric(), client)).toMatchObject({
      canary: { bounds: [1, 2], counts: [0, 2, 0] },
      stable: { bounds: [1, 2], counts: [0, 3, 0] },
    });
  });

  test('negative durations are the shortest ones', async () => {
    const client = prometheus({
      [CANARY]: [
        native('c', {
          95: [],
          110: [
            [-2, -1, 1],
            [1, 2, 3],
          ],
        }),
      ],
      [STABLE]: [native('s', { 95: [], 110: [[1, 2, 3]] })],
    });
    expect(await measured(latencyMetric(), client)).toMatchObject({
      canary: { bounds: [2.9387359e-39, 1, 2], counts: [1, 0, 3, 0] },
    });
  });

  test('custom buckets are those of a classic histogram', async () => {
    const client = prometheus({
      [CANARY]: [
        native('c', {
          95: [],
          110: [
            [-Infinity, 0.1, 1],
            [0.1, 0.5, 3],
            [5, Infinity, 2],
          ],
        }),
      ],
      [STABLE]: [native('s', { 95: [], 110: [[0.1, 0.5, 3]] })],
    });
    expect(await measured(latencyMetric(), client)).toMatchObject({
      canary: { bounds: [0.1, 0.5, 5], counts: [1, 3, 0, 2], layout: 'classic' },
      stable: { bounds: [0.1, 0.5, 5], counts: [0, 3, 0, 0], layout: 'classic' },
    });
  });

  test('an hour without requests is one with empty histograms', async () => {
    const idle = native('c', { 95: [[1, 2, 3]], 110: [[1, 2, 3]] });
    const client = prometheus({ [CANARY]: [idle], [STABLE]: [idle] });
    expect(await measured(latencyMetric(), client)).toMatchObject({ canary: { bounds: [], counts: [0] } });
  });
});

describe('what goes wrong is told apart', () => {
  const failure = { ok: false, outcome: 'timeout', sentence: 'too slow' } as const;
  const flat = (samples: string): Series[] => classic('c', { '1': samples, '+Inf': samples });

  test.each<[string, (string | Series)[] | Answer, string, string]>([
    ['no series', [], 'noData', 'knows no requests of the canary: the query for buckets'],
    ['no sample inside', flat('90:1 95:2'), 'noData', 'no new sample of the canary'],
    [
      'no le',
      ['c 95:1 110:2'],
      'badQuery',
      'canary buckets: the query returns series without a numeric label le',
    ],
    ['a strange le', [labelled(series('c 95:1 110:2'), { le: 'x' })], 'badQuery', 'numeric label le'],
    ['no +Inf', classic('c', { '1': '95:1 110:2' }), 'badQuery', 'le="+Inf"'],
    ['nothing but +Inf', classic('c', { '+Inf': '95:1 110:2' }), 'badQuery', 'no bucket bound in common'],
    ['other buckets', classic('c', { '3': '95:1 110:2', '+Inf': '95:1 110:2' }), 'badQuery', 'in common'],
    [
      'NaN',
      flat('95:1 110:NaN'),
      'nan',
      'canary buckets: a sample of 1970-01-01T00:01:50.000Z is NaN, which is not a number and no count',
    ],
    ['infinite counters', flat('95:1 110:Infinity'), 'nan', 'is Infinity, which is above 2^53'],
    ['negative counters', flat('95:-3 110:5'), 'nan', 'is -3, which is below 0'],
    [
      'counts that are not cumulative',
      classic('c', { '1': '95:9 110:50', '+Inf': '95:1 110:5' }),
      'badQuery',
      'cumulative',
    ],
    ['another kind than stable', [native('c', { 110: [] })], 'badQuery', 'one arm has native'],
    ['two kinds', [native('c', { 110: [] }), 'c 110:1'], 'badQuery', 'both native histograms and numbers'],
    ...[NaN, -1, 2 ** 53].map((count): [string, Series[], string, string] => [
      `native buckets of ${count}`,
      [native('c', { 110: [[1, 2, count]] })],
      'nan',
      'canary buckets: a bucket of the native histogram holds no count',
    ]),
    ['no answer', failure, 'timeout', 'canary buckets: too slow'],
  ])('%s', async (_, answer, outcome, piece) => {
    const got = await measured(latencyMetric(), prometheus({ [CANARY]: answer, [STABLE]: stable }));
    expect(got.outcome).toBe(outcome);
    expect(got).toHaveProperty('sentence', expect.stringContaining(piece));
  });

  test('queries that are missing, or name nothing', async () => {
    const unresolved = latencyMetric();
    delete unresolved.queries;
    expect(await measured(unresolved, prometheus({}))).toMatchObject({ outcome: 'badQuery' });
    const ofPods = latencyMetric('time{pod=~"{{pods}}"}');
    expect(await measured(ofPods, prometheus({}), { canaryPods: '' })).toMatchObject({ outcome: 'noData' });
  });
});
