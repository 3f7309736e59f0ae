import { describe, expect, test } from 'vitest';
import type { Bar } from './chance.ts';
import { chanceOfRatio, CHANCES } from './chance.ts';
import type { Check } from './checks.ts';
import { resultOf, riskOf } from './checks.ts';
import type { Measure } from './estimate.ts';
import { MEASURES, ratio, summarize } from './estimate.ts';

const FULL = riskOf({ few: false, bars: 100 });

/** So many readings of a time, the others "never". */
const times = (hits: number, runs: number): number[] =>
  Array.from({ length: runs }, (_, run) => (run < hits ? 1 : Infinity));

const outcome = (readings: number[], measure: Measure, bar: Bar, risk = FULL) => {
  const check: Check = { section: 's', name: 'n', series: 'a', measure, bar };
  return resultOf(check, { a: summarize(readings) }, risk).outcome;
};

describe('a bar', () => {
  test.each([
    ['for a share is kept', times(1, 100), 'share', { atMost: 0.01 }, 'ok'],
    ['for a share is missed, perhaps by chance', times(3, 100), 'share', { atMost: 0.01 }, 'near'],
    ['for a share is missed', times(6, 100), 'share', { atMost: 0.01 }, 'over'],
    ['for a share from below is kept', times(95, 100), 'share', { atLeast: 0.95 }, 'ok'],
    [
      'for a share from below is missed, perhaps by chance',
      times(92, 100),
      'share',
      { atLeast: 0.95 },
      'near',
    ],
    ['for a share from below is missed', times(85, 100), 'share', { atLeast: 0.95 }, 'over'],
    ['for a mean is kept', [2, 3, 4], 'minutes', { atMost: 3 }, 'ok'],
    ['for a mean is missed, perhaps by chance', [2, 3, 4], 'minutes', { atMost: 2.5 }, 'near'],
    ['for a mean is missed', [2.9, 3, 3.1], 'minutes', { atMost: 2.5 }, 'over'],
    ['for a mean without spread is missed', [3, 3, 3], 'minutes', { atMost: 2.5 }, 'over'],
    ['for a median is missed, perhaps by chance', [9, 9, 9, 11, 11], 'median', { atLeast: 10 }, 'near'],
    ['for a median is missed', [8, 9, 9, 9, 9, 9, 9, 9, 11], 'median', { atLeast: 10 }, 'over'],
    ['for a maximum is kept', [1, 2, 3], 'most', { atMost: 3 }, 'ok'],
    ['for a maximum is missed by one value', [1, 2, 4], 'most', { atMost: 3 }, 'over'],
  ] as const)('%s', (...[, readings, measure, bar, want]) => {
    expect(outcome([...readings], measure, bar)).toBe(want);
  });

  test('whose true value is just kept looks missed with few runs in at most one of twenty reports', () => {
    const [runs, bars] = [32, 160];
    /** Probability that at least one of the bars looks missed: each is missed from some number of hits on. */
    const flagged = (risk: number): number => {
      const one = [0.01, 0.05, 0.1].map((atMost) => {
        const hits = Array.from({ length: runs + 1 }, (_, i) => i);
        const least = hits.find((n) => outcome(times(n, runs), 'share', { atMost }, risk) === 'over') ?? runs;
        return CHANCES.share(summarize(times(least, runs)), { atMost });
      });
      return 1 - one.reduce((none, chance) => none * (1 - chance) ** (bars / one.length), 1);
    };
    expect(flagged(riskOf({ few: true, bars }))).toBeLessThan(0.05);
    expect(flagged(FULL)).toBeGreaterThan(0.5);
  });
});

describe('the chance of a value beyond the bar', () => {
  test('of a share is the binomial tail', () => {
    expect(CHANCES.share(summarize(times(2, 10)), { atMost: 0.1 })).toBeCloseTo(0.2639011, 7);
    expect(CHANCES.share(summarize(times(8, 10)), { atLeast: 0.9 })).toBeCloseTo(0.2639011, 7);
    expect(CHANCES.share(summarize(times(0, 10)), { atMost: 0.1 })).toBe(1);
  });

  test("of a mean is Student's", () => {
    expect(CHANCES.minutes(summarize([2, 3, 4]), { atMost: 2 })).toBeCloseTo(0.1127, 4);
  });
});

describe('a ratio of two means', () => {
  const [value, base] = [summarize([3, 5]), summarize([2, 2])];

  test('has the error of both', () => {
    const { value: quotient, low, high } = ratio(value, base);
    expect(quotient).toBe(2);
    expect(high - low).toBeCloseTo(1.96, 9);
  });

  test('is compared with its bar', () => {
    expect(chanceOfRatio(value, base, { atMost: 2 })).toBeCloseTo(0.5, 9);
    expect(chanceOfRatio(summarize([4, 4]), base, { atMost: 1.5 })).toBe(0);
  });
});

test('the interval of a median is between readings as many places from either end', () => {
  const readings = Array.from({ length: 15 }, (_, i) => i + 1);
  expect(MEASURES.median(summarize(readings))).toEqual({ value: 8, low: 4, high: 12 });
});
