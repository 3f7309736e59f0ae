import { describe, expect, test } from 'vitest';
import { times } from '../../test/support/judge-objects.ts';
import { persistentOutliers } from './outliers.ts';
import type { PodHistory } from './placebo-table.ts';

const WINDOWS = 60;

/** `factor(j, t)`: how many times the usual 6 errors the j-th pod has in the t-th window. */
const pods = (count: number, factor: (j: number, t: number) => number): PodHistory[] =>
  times(count, (j) => ({
    n: times(WINDOWS, () => 600),
    x: times(WINDOWS, (t) => 6 * factor(j, t)),
  }));
const leftOut = (list: PodHistory[]): number[] => [...persistentOutliers(list)].sort((a, b) => a - b);

describe('stable pods that are left out of the calibration', () => {
  test('one that always has ten times the errors', () => {
    expect(leftOut(pods(12, (j) => (j === 4 ? 10 : 1)))).toEqual([4]);
  });

  test.each([
    ['one that was bad for three minutes', (j: number, t: number) => (j === 4 && t > 40 && t < 44 ? 50 : 1)],
    ['one that was bad for a whole half', (j: number, t: number) => (j === 4 && t >= 30 ? 10 : 1)],
    ['one within the usual', (j: number) => (j === 4 ? 2.4 : 1)],
    ['nobody if all have more errors for a while', (_: number, t: number) => (t > 30 ? 10 : 1)],
  ])('not %s', (_, factor) => {
    expect(leftOut(pods(12, factor))).toEqual([]);
  });

  test('not one with a few errors where the others have hardly any', () => {
    const quiet = pods(12, () => 0).map(({ n, x }, j) => ({
      n,
      x: x.map((_, t) => (j === 4 && t % 10 === 0 ? 1 : 0)),
    }));
    expect(leftOut(quiet)).toEqual([]);
  });

  test('at most a tenth of them, the worst first', () => {
    const wild = (count: number): number[] =>
      leftOut(pods(count, (j) => (j === 2 ? 10 : j === 3 ? 15 : j === 7 ? 20 : 1)));
    expect([wild(8), wild(19), wild(20), wild(30)]).toEqual([[7], [7], [3, 7], [2, 3, 7]]);
  });

  test('none of fewer than 8, and none of none', () => {
    const one = (count: number): number[] => leftOut(pods(count, (j) => (j === 0 ? 10 : 1)));
    expect([one(7), one(8), one(0)]).toEqual([[], [0], []]);
  });
});
