import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commonLanguageEffect, meanRatio } from './kayenta-effect.ts';
import { linearQuantile, withoutOutliers } from './kayenta-outliers.ts';
import type { Shift } from './kayenta-shift.ts';
import { kayentaShift, locationShift } from './kayenta-shift.ts';

type Bounds = [lower: number, estimate: number, upper: number];

interface Fixtures {
  shifts: { canary: number[]; stable: number[]; confidence: number; kayenta: Bounds; exact: Bounds }[];
}

const { shifts } = JSON.parse(
  readFileSync(new URL('./fixtures/kayenta.json', import.meta.url), 'utf8'),
) as Fixtures;

function compare(got: Shift, [lower, estimate, upper]: Bounds, precision: number): void {
  expect(Math.abs(got.lower - lower)).toBeLessThanOrEqual(precision);
  expect(Math.abs(got.estimate - estimate)).toBeLessThanOrEqual(precision);
  expect(Math.abs(got.upper - upper)).toBeLessThanOrEqual(precision);
}

describe('the interval for the shift', () => {
  test('as Kayenta computes it agrees with the independent implementation to 1e-6', () => {
    expect(shifts.length).toBeGreaterThan(25);
    for (const { canary, stable, confidence, kayenta } of shifts) {
      compare(kayentaShift(canary, stable, confidence), kayenta, 1e-6);
    }
  });

  test('exactly agrees with walking through every difference, at any scale', () => {
    for (const { canary, stable, confidence, exact } of shifts) {
      const size = Math.max(...[...canary, ...stable].map(Math.abs));
      compare(locationShift(canary, stable, confidence), exact, 1e-12 * size);
    }
  });

  test('as Kayenta computes it is lost in the root tolerance on error ratios; exactly it is not', () => {
    const { canary, stable } = shifts.find(({ canary: values }) => values.every((value) => value < 1e-3))!;
    const times = (values: number[]) => values.map((value) => value * 2 ** 20);
    const ratio = (of: typeof locationShift) =>
      of(times(canary), times(stable), 0.98).lower / of(canary, stable, 0.98).lower / 2 ** 20;
    expect(ratio(locationShift)).toBe(1);
    expect(Math.abs(ratio(kayentaShift) - 1)).toBeGreaterThan(0.1);
  });

  test('lies around the estimate, moves with the canary and turns with the arms', () => {
    const sample = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(sample, sample, fc.integer({ min: -500, max: 500 }), (canary, stable, by) => {
        const { lower, estimate, upper } = locationShift(canary, stable, 0.98);
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(estimate).toBeLessThanOrEqual(upper);
        const moved = canary.map((value) => value + by);
        expect(locationShift(moved, stable, 0.98)).toEqual({
          lower: lower + by,
          estimate: estimate + by,
          upper: upper + by,
        });
        const turned = locationShift(stable, canary, 0.98);
        expect(turned.lower + upper).toBe(0);
        expect(turned.upper + lower).toBe(0);
      }),
    );
  });

  /** Beside 1e300 a small difference disappears, so different values of an arm may be tied once they are shifted. */
  const unlessTied = (shift: () => object): object => {
    try {
      return shift();
    } catch (error) {
      expect(error).toSatisfy((e) => e instanceof RangeError && e.message.startsWith('all values are tied'));
      return {};
    }
  };

  test('finite values never give NaN, by either way', () => {
    const value = fc.oneof(
      fc.constantFrom(0, 1, 1e300, -1e300, 5e-324),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    );
    const sample = fc.array(value, { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(sample, sample, (canary, stable) => {
        for (const found of Object.values(locationShift(canary, stable, 0.98)))
          expect(found).toSatisfy(Number.isFinite);
        if (new Set(canary).size === 1 && new Set(stable).size === 1) return;
        const shift = unlessTied(() => kayentaShift(canary, stable, 0.98));
        for (const found of Object.values(shift)) expect(found).toSatisfy(Number.isFinite);
      }),
    );
  });

  test('is refused where none exists', () => {
    expect(() => locationShift([1], [2], 0.98)).toThrow('three values or more, not 1 and 1 values');
    expect(() => kayentaShift([1, 1], [2, 2], 0.98)).toThrow('all values are tied');
    expect(() => locationShift([1, 2], [2, Infinity], 0.98)).toThrow('a value is Infinity');
    expect(() => locationShift([1, 2], [2, 3], 98)).toThrow('confidence is 98');
  });
});

test('the ratio of means is not given where a mean is 0', () => {
  expect(meanRatio([2, 4], [1, 3])).toBe(1.5);
  expect(meanRatio([0, 0], [1, 3])).toBeUndefined();
  expect(meanRatio([1, 3], [-1, 1])).toBeUndefined();
});

test('the common language effect counts ties half', () => {
  expect(commonLanguageEffect([1, 2], [1, 2])).toBe(0.5);
  expect(commonLanguageEffect([3, 4], [1, 2])).toBe(1);
  expect(commonLanguageEffect([2], [1, 2, 3, 4])).toBe(0.375);
});

test('quantiles are interpolated as R does by default', () => {
  expect(linearQuantile([1, 2, 4, 8], 0.25)).toBe(1.75);
  expect(linearQuantile([1, 2, 4, 8], 0.75)).toBe(5);
  expect(linearQuantile([7], 0.99)).toBe(7);
  expect(linearQuantile([1, 2], 1)).toBe(2);
});

test('outliers lie outside both the fences and the middle 98%; the others keep their order', () => {
  const values = [...Array.from({ length: 200 }, (_, i) => 100 + (i % 10)), 1000];
  expect(withoutOutliers([500, ...values], 3)).toEqual(values.slice(0, -1));
  expect(withoutOutliers([5, 1000, 4], 3)).toEqual([5, 1000, 4]);
  expect(withoutOutliers([], 3)).toEqual([]);
});
