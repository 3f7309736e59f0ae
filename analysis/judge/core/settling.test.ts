import { describe, expect, test } from 'vitest';
import type { Counts } from '../../../api/analysis.ts';
import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { seeded } from '../../../lib/random.ts';
import { boundTo, errorRate, results, times } from '../../../test/support/judge-objects.ts';
import { poisson } from '../../../test/support/sampling.ts';
import { judgeWindow, startStep } from './judge.ts';
import { settlingMargin } from './settling.ts';

const SECONDS = 15;
const WARMING = 4;
const BASE = 0.01;

/** Windows of 15 s: at first warming, then ordinary. `rate`: of the canary, this many seconds after its first request. */
function course(rate: (seconds: number) => number, windows: number, seed = 1, warming = WARMING): Verdict[] {
  const random = seeded(seed);
  const draw = (total: number, share: number): Counts => ({
    total,
    bad: Math.min(total, poisson(total * share, random)),
  });
  let state = startStep(undefined, 0);
  return times(windows, (i) => {
    const window = { startMs: i * SECONDS * 1000, endMs: (i + 1) * SECONDS * 1000 };
    const arms = { canary: draw(150, rate((i + 0.5) * SECONDS)), stable: draw(2850, BASE) };
    const judged = judgeWindow(state, {
      templates: [boundTo([errorRate()])],
      measurements: [{ metric: 'errors', window, outcome: 'ok', kind: 'counts', ...arms }],
      window,
      ...(i < warming ? { warming: true } : {}),
    });
    state = judged.state;
    return judged.verdict;
  });
}

/** Three times the errors more at first, gone by a factor e each minute. */
const slowStart = (seconds: number): number => BASE * (1 + 2 * Math.exp(-seconds / 60));

describe('the minutes after warm-up', () => {
  test('a healthy version with three times the errors for a minute is seldom stopped', () => {
    const stopped = times(30, (seed) => results(course(slowStart, 60, seed))).filter((all) =>
      all.includes('f'),
    );
    expect(stopped.length).toBeLessThanOrEqual(2);
    const atOnce = times(30, (seed) => results(course(slowStart, 60, seed, 0))).filter((all) =>
      all.includes('f'),
    );
    expect(atOnce.length).toBeGreaterThan(stopped.length + 5);
  });

  test.each([0, WARMING])(
    '30%% errors from the first request stop it within two windows, %d of them cold',
    (cold) => {
      for (const seed of times(10, (at) => at)) {
        expect(results(course(() => 0.3, 2, seed, cold))).toContain('f');
      }
    },
  );

  test('twice the errors for good are found soon after them', () => {
    const found = times(10, (seed) => results(course(() => 2 * BASE, 120, seed)).indexOf('f'));
    expect(Math.min(...found)).toBeGreaterThan(WARMING);
    expect(Math.max(...found)).toBeLessThan(80);
  });

  test('the sentence says that the margin is wider, and no longer than it is', () => {
    const said = course(() => 1.5 * BASE, 30).map(({ sentence }) =>
      sentence.includes('the harm margin is wider'),
    );
    expect(said.indexOf(true)).toBe(WARMING);
    expect(said.lastIndexOf(true)).toBe(WARMING + (5 * 60) / SECONDS - 1);
    expect(course(() => BASE, 5, 1, 0).some(({ sentence }) => sentence.includes('is wider'))).toBe(false);
  });

  test('halve what the margin is wider each minute, until it is the template’s', () => {
    expect([0, 60_000, 120_000, 299_999, 300_000, 1e9].map((ms) => settlingMargin(ms))).toEqual([
      3,
      1.5,
      0.75,
      expect.closeTo(0.094, 3),
      0,
      0,
    ]);
    expect(settlingMargin(-5000)).toBe(3);
  });
});

describe('where users stay with one version', () => {
  const judged = (sticky: boolean): Verdict =>
    judgeWindow(startStep(undefined, 0), {
      templates: [boundTo([errorRate()])],
      measurements: [
        {
          metric: 'errors',
          window: { startMs: 0, endMs: 60_000 },
          outcome: 'ok',
          kind: 'counts',
          canary: { total: 600, bad: 14 },
          stable: { total: 11_400, bad: 114 },
        },
      ],
      window: { startMs: 0, endMs: 60_000 },
      ...(sticky ? { sticky } : {}),
    }).verdict;

  test('less speaks for harm, the interval is wider, and the sentence says why', () => {
    const [users, requests] = [judged(true), judged(false)];
    expect(users.numbers['evidence']!).toBeLessThan(requests.numbers['evidence']!);
    expect(users.numbers['ratioLow']!).toBeCloseTo(requests.numbers['ratioLow']! / 1.6, 4);
    expect(users.numbers['ratioHigh']!).toBeCloseTo(requests.numbers['ratioHigh']! * 1.6, 3);
    expect(users.sentence).toContain('each user counts as one');
    expect(requests.sentence).not.toContain('user');
  });
});
