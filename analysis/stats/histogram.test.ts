import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Buckets } from './histogram.ts';
import { above, decay, isBuckets, NO_BUCKETS, quantile, resolves, total, weightedSum } from './histogram.ts';

const classic: Buckets = { layout: 'classic', bounds: [0.1, 0.2, 0.4], counts: [10, 20, 60, 10] };
const native: Buckets = { layout: 'native', bounds: [0.25, 0.5, 1], counts: [0, 30, 60, 10] };

describe('quantiles', () => {
  test.each([
    [0.05, 0.05],
    [0.1, 0.1],
    [0.2, 0.15],
    [0.6, 0.3],
    [0.9, 0.4],
    [0.99, 0.4],
  ])('classic %d is %d: linear in a bucket, and never above all bounds', (q, want) => {
    expect(quantile(classic, q)).toBeCloseTo(want, 12);
  });

  test('native: exponential in a bucket', () => {
    expect(quantile(native, 0.15)).toBeCloseTo(0.25 * Math.SQRT2, 12);
    expect(quantile(native, 0.6)).toBeCloseTo(Math.SQRT1_2, 12);
  });

  test('there is none without requests or without bounds', () => {
    expect(quantile({ ...classic, counts: [0, 0, 0, 0] }, 0.5)).toBeUndefined();
    expect(quantile({ layout: 'classic', bounds: [], counts: [5] }, 0.5)).toBeUndefined();
  });
});

describe('requests above a limit', () => {
  test.each([
    [0, 100],
    [0.05, 95],
    [0.2, 70],
    [0.3, 40],
    [0.4, 10],
    [99, 10],
  ])('above %d are %d; of those above all bounds every one', (limit, want) => {
    expect(above(classic, limit)).toBeCloseTo(want, 10);
  });

  test('native: the share of a bucket on a logarithmic scale', () => {
    expect(above(native, Math.SQRT1_2)).toBeCloseTo(40, 10);
    expect(above(native, 0.25)).toBe(100);
  });

  test('buckets that end at or below 0 are points', () => {
    const buckets: Buckets = { layout: 'native', bounds: [0, 1], counts: [4, 4, 2] };
    expect(above(buckets, 0)).toBe(6);
    expect(above(buckets, -1)).toBe(10);
    expect(quantile(buckets, 0.2)).toBe(0);
  });
});

describe('can the buckets tell two times apart', () => {
  const sparse: Buckets = { layout: 'native', bounds: [0.5, 0.55, 8, 8.7], counts: [0, 1, 0, 1, 0] };

  test.each([
    [classic, 0.15, 0.19, false],
    [classic, 0.19, 0.24, true],
    [classic, 0.2, 0.25, true],
    [classic, 0.4, 0.5, false],
    [classic, 0.5, 0.6, false],
    [native, 0.5, 0.6, false],
    [native, 0.4, 0.9, true],
    [native, 1, 2.5, false],
    [{ ...native, counts: [0, 30, 60, 0] }, 1, 2.5, true],
    [sparse, 2, 2.5, true],
    [sparse, 0.5, 0.54, false],
    [{ ...sparse, counts: [0, 0, 0, 0, 0] }, 0.5, 0.54, true],
    [{ ...sparse, bounds: [], counts: [0] }, 2, 2.5, true],
    [{ ...sparse, bounds: [0.5, 0.55, 1, 2], counts: [0, 1, 0, 1, 0] }, 0.5, 0.6, false],
    [{ ...sparse, counts: [7, 1, 0, 1, 0] }, 2, 2.5, true],
    [{ ...sparse, counts: [7, 1, 0, 1, 0] }, 0.4, 0.6, false],
  ])('%# %j %d %d', (buckets, low, high, want) => {
    expect(resolves(buckets, low, high)).toBe(want);
  });
});

describe('weighted sums', () => {
  test('on the same bounds counts are added', () => {
    expect(weightedSum(classic, 0.5, { ...classic, counts: [1, 2, 3, 4] }).counts).toEqual([6, 12, 33, 9]);
    expect(weightedSum(NO_BUCKETS, decay(15), classic)).toEqual(classic);
  });

  test('on other bounds what a bucket holds is split as it is interpolated', () => {
    const other: Buckets = { layout: 'classic', bounds: [0.2, 0.3, 0.8], counts: [1, 1, 1, 1] };
    const sum = weightedSum(classic, 1, other);
    expect(sum.bounds).toEqual([0.1, 0.2, 0.3, 0.4, 0.8]);
    for (const [i, want] of [10.5, 20.5, 31, 30.2, 0.8, 11].entries()) {
      expect(sum.counts[i]).toBeCloseTo(want, 10);
    }
  });

  test('half is left after ten minutes', () => {
    expect(decay(600)).toBe(0.5);
    expect(decay(15) ** 40).toBeCloseTo(0.5, 12);
  });

  test('there are never many buckets, and the uppermost bound stays', () => {
    const bounds = Array.from({ length: 90 }, (_, i) => 1.09 ** (i - 45));
    const many: Buckets = { layout: 'native', bounds, counts: Array.from({ length: 91 }, () => 2) };
    const sum = weightedSum(NO_BUCKETS, 1, many);
    expect(sum.bounds.length).toBeLessThanOrEqual(32);
    expect(sum.bounds.at(-1)).toBe(bounds.at(-1));
    expect(total(sum)).toBe(182);
    expect(quantile(sum, 0.99)! / quantile(many, 0.99)!).toBeCloseTo(1, 2);
  });
});

const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
/** Fractional counts come from partial windows; numbers too small to be divided are left out. */
const amount = fc.oneof(fc.constant(0), fc.nat(1000), fc.double({ min: 1e-9, max: 1e12, noNaN: true }));
const buckets: fc.Arbitrary<Buckets> = fc
  .tuple(
    fc.uniqueArray(positive, { maxLength: 30 }),
    fc.array(amount, { minLength: 31, maxLength: 31 }),
    fc.constantFrom('classic' as const, 'native' as const),
  )
  .map(([bounds, counts, layout]) => ({
    bounds: bounds.sort((a, b) => a - b),
    counts: counts.slice(0, bounds.length + 1),
    layout,
  }));
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('whatever the buckets', () => {
  test('counts above a limit fall with it, from all to those above all bounds', () => {
    fc.assert(
      fc.property(buckets, positive, positive, (each, a, b) => {
        const [low, high] = [above(each, Math.min(a, b)), above(each, Math.max(a, b))];
        const all = total(each);
        expect(low).toBeGreaterThanOrEqual(high - 1e-9 * all);
        expect(low).toBeLessThanOrEqual(all * (1 + 1e-12));
        expect(high).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('a quantile leaves its share above, unless it lies above all bounds', () => {
    fc.assert(
      fc.property(buckets, share, (each, q) => {
        const at = quantile(each, q);
        if (at === undefined) return;
        expect(at).toSatisfy(Number.isFinite);
        const all = total(each);
        const want = (1 - q) * all;
        if (want >= (each.counts.at(-1) ?? 0)) {
          expect(Math.abs(above(each, at) - want)).toBeLessThanOrEqual(1e-6 * all);
        }
      }),
    );
  });

  test('a sum holds as much as its parts, and above every bound as well', () => {
    fc.assert(
      fc.property(buckets, buckets, share, (one, two, weight) => {
        const sum = weightedSum(one, weight, two);
        expect(isBuckets(sum)).toBe(true);
        const scale = total(one) + total(two) + 1;
        expect(Math.abs(total(sum) - weight * total(one) - total(two))).toBeLessThan(1e-9 * scale);
        for (const bound of sum.bounds) {
          const want = weight * above(one, bound) + above(two, bound);
          expect(Math.abs(above(sum, bound) - want)).toBeLessThan(1e-9 * scale);
        }
      }),
    );
  });

  test.each([
    [{ ...classic, counts: [1, 2, 3] }],
    [{ ...classic, counts: [1, NaN, 3, 4] }],
    [{ ...classic, counts: [1, -1, 3, 4] }],
    [{ ...classic, counts: [1e308, 1e308, 3, 4] }],
    [{ ...classic, bounds: [0.1, 0.1, 0.4] }],
    [{ ...classic, bounds: [0.1, 0.2, Infinity] }],
  ])('%j are no buckets', (wrong) => {
    expect(isBuckets(wrong)).toBe(false);
  });
});
