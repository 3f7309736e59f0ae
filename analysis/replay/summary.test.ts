import { describe, expect, it } from 'vitest';
import { curveOf, medianOf, summarize, wilson } from './summary.ts';
import type { Outcome } from './trial.ts';

const outcome = (end: Outcome['end'], minutes: number): Outcome => ({ end, minutes, pods: 0, numbers: {} });

describe('wilson', () => {
  // R: prop.test(x, n, correct = FALSE)$conf.int
  it.each([
    { count: 0, runs: 200, low: 0, high: 0.0188450045 },
    { count: 5, runs: 100, low: 0.0215436768, high: 0.1117504692 },
    { count: 50, runs: 100, low: 0.4038315304, high: 0.5961684696 },
    { count: 20, runs: 20, low: 0.8388747767, high: 1 },
  ])('of $count in $runs', ({ count, runs, low, high }) => {
    expect(wilson(count, runs)).toMatchObject({ count, share: count / runs });
    expect(wilson(count, runs).low).toBeCloseTo(low, 6);
    expect(wilson(count, runs).high).toBeCloseTo(high, 6);
  });

  it('knows nothing without runs', () => {
    expect(wilson(0, 0)).toEqual({ count: 0, share: 0, low: 0, high: 1 });
  });
});

describe('a summary', () => {
  const outcomes = [
    outcome('promoted', 8),
    outcome('promoted', 12),
    outcome('rolledBack', 2),
    outcome('undecided', 60),
  ];

  it('counts the ends and averages their times', () => {
    const summary = summarize(outcomes);
    expect(summary).toMatchObject({
      runs: 4,
      promoted: { count: 2 },
      rolledBack: { count: 1 },
      undecided: { share: 0.25 },
    });
    expect(summary.toPromote).toEqual({ mean: 10, median: 10 });
    expect(summary.toRollback).toEqual({ mean: 2, median: 2 });
  });

  it('has no times of ends that did not happen', () => {
    expect(summarize([outcome('undecided', 60)])).not.toHaveProperty('toPromote');
  });

  it('rises where releases end', () => {
    expect(curveOf(outcomes, 'promoted', { minutes: 20, points: 4 })).toEqual([0, 0.25, 0.5, 0.5]);
  });
});

it.each([
  { values: [3, 1, 2], want: 2 },
  { values: [4, 1, 2, 3], want: 2.5 },
  { values: [], want: NaN },
])('the median of $values is $want', ({ values, want }) => {
  expect(medianOf(values)).toBe(want);
});
