import { describe, expect, test } from 'vitest';
import type { Series } from './answer.ts';
import type { Answer, PrometheusClient } from './client.ts';
import {
  classic,
  labelled,
  latencyMetric,
  measured,
  native,
  series,
} from '../../../test/support/measure-objects.ts';
import { prometheus } from '../../../test/support/told-prometheus.ts';

const CANARY = 'time{s="web-canary"}[315s]';
const STABLE = 'time{s="web"}[315s]';
const HISTORY = 'time{s="web"}[3900s]';
const canary = classic('c', { '1': '95:5 110:6', '+Inf': '95:8 110:14' });
const stable = classic('s', { '1': '95:50 110:90', '+Inf': '95:70 110:120' });
const calibrate = { calibrate: true };

describe('the history of stable', () => {
  test('its histograms are those of windows as long as the one measured, from the first with requests on', async () => {
    const history = classic('s', {
      '1': '55:0 70:3 85:3 100:9',
      '2': '55:0 70:4 85:4 100:10',
      '+Inf': '55:0 70:5 85:5 100:11',
    });
    const client = prometheus({ [CANARY]: canary, [STABLE]: stable, [HISTORY]: history });
    expect(await measured(latencyMetric(), client, calibrate)).toMatchObject({
      history: { layout: 'classic', bounds: [1], stable: [[3, 2], [], [6, 0]] },
    });
    expect(client.asked.at(-1)).toBe(`${HISTORY} @ 100000`);
  });

  test('pod by pod where the series say which pod they are of, pods that are gone included', async () => {
    const own = (pod: string, samples: string): Series[] =>
      classic(pod, { '1': samples, '+Inf': samples }, { pod });
    const client = prometheus({
      [CANARY]: own('web-canary-1', '95:0 110:4'),
      [STABLE]: [...own('web-1', '95:1 110:3'), ...own('web-2', '95:1 110:2')],
      'time{s="web"}[11100s]': [...own('web-1', '70:0 85:7'), ...own('gone', '70:0 85:2 100:5')],
    });
    expect(await measured(latencyMetric(), client, calibrate)).toMatchObject({
      history: {
        bounds: [1],
        stable: [
          [9, 0],
          [3, 0],
        ],
        pods: {
          'web-1': [[7, 0], []],
          gone: [
            [2, 0],
            [3, 0],
          ],
        },
      },
    });
  });

  test('native histograms share the bounds of all buckets that were ever filled', async () => {
    const client = prometheus({
      [CANARY]: [native('c', { 95: [], 110: [[1, 2, 1]] })],
      [STABLE]: [native('s', { 95: [], 110: [[1, 2, 1]] })],
      [HISTORY]: [
        native('s', {
          55: [],
          70: [[1, 2, 2]],
          85: [
            [1, 2, 2],
            [8, 16, 1],
          ],
          100: [
            [1, 2, 3],
            [8, 16, 1],
          ],
        }),
      ],
    });
    expect(await measured(latencyMetric(), client, calibrate)).toMatchObject({
      history: {
        layout: 'native',
        bounds: [1, 2, 8, 16],
        stable: [
          [0, 2, 0, 0, 0],
          [0, 0, 0, 1, 0],
          [0, 1, 0, 0, 0],
        ],
      },
    });
  });

  test.each<[string, Series[] | Answer]>([
    ['no requests', []],
    ['no answer', { ok: false, outcome: 'timeout', sentence: 'too slow' }],
    ['nothing in common with the window', classic('s', { '3': '55:0 70:3', '+Inf': '55:0 70:5' })],
    ['something else', [native('s', { 55: [], 70: [[1, 2, 2]] })]],
  ])('%s in it: the measurement stands without', async (_, history) => {
    const client = prometheus({ [CANARY]: canary, [STABLE]: stable, [HISTORY]: history });
    const got = await measured(latencyMetric(), client, calibrate);
    expect(got).toMatchObject({ outcome: 'ok' });
    expect(got).not.toHaveProperty('history');
  });
});

/** A Prometheus with raw samples of `time` every 15 s that answers ranges up to `limitMs` only. */
function limited(all: Series[], limitMs: number): PrometheusClient & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    instant(promql, timeMs) {
      asked.push(`${promql} @ ${timeMs}`);
      const [, arms, seconds] = /s=~?"([^"]*)".*\[(\d+)s/.exec(promql) ?? [];
      const rangeMs = Number(seconds) * 1000;
      if (rangeMs > limitMs) {
        return Promise.resolve({ ok: false, outcome: 'serverError', sentence: 'large', tooLarge: true });
      }
      const inside = ({ timeMs: t }: { timeMs: number }): boolean => t >= timeMs - rangeMs && t <= timeMs;
      const found = all
        .filter(({ labels }) => arms?.split('|').includes(labels['s'] ?? ''))
        .map(({ samples, labels }) => ({ labels, samples: samples.filter(inside) }))
        .filter(({ samples }) => samples.length > 0);
      return Promise.resolve({ ok: true, series: found, range: true });
    },
    close: () => undefined,
  };
}

test('a history too large for one answer is asked for in pieces, and nothing is lost or counted twice', async () => {
  const all: Series[] = [];
  for (const arm of ['web', 'web-canary']) {
    for (const le of ['1', '+Inf']) {
      // restarts in the middle, and is not scraped for ten minutes
      const samples = Array.from({ length: 260 }, (_, i) => ({
        timeMs: (i - 252) * 15_000 + 100_000,
        value: (i < 100 ? i * 10 : (i - 100) * 7) + (le === '1' ? 0 : i),
      })).filter((_, i) => i < 130 || i > 170);
      all.push({ ...labelled(series('a'), { __name__: 'time', le, s: arm }), samples });
    }
  }
  const whole = await measured(latencyMetric(), limited(all, Infinity), calibrate);
  const client = limited(all, 1_000_000);
  expect(await measured(latencyMetric(), client, calibrate)).toEqual(whole);
  expect(whole).toHaveProperty('history.stable.length', 240);
  expect(client.asked.length).toBeGreaterThan(6);
});

test('a history that would take too many pieces is not asked for to the end', async () => {
  const flat = Array.from({ length: 300 }, (_, i) => ({ timeMs: (i - 290) * 15_000 + 100_000, value: i }));
  const all = ['web', 'web-canary'].flatMap((s) =>
    ['1', '+Inf'].map((le) => ({ ...labelled(series('a'), { __name__: 'time', le, s }), samples: flat })),
  );
  const client = limited(all, 320_000);
  const got = await measured(latencyMetric(), client, calibrate);
  expect(got).toMatchObject({ outcome: 'ok' });
  expect(got).not.toHaveProperty('history');
  expect(client.asked.length).toBeLessThan(80);
});
