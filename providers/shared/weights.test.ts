import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apportion, percentIn, scaled, split } from './weights.ts';

const sum = (parts: readonly number[]) => parts.reduce((a, b) => a + b, 0);
const shares = fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 });

test.each([
  { total: 100, shares: [1, 1, 1], want: [34, 33, 33] },
  { total: 5, shares: [3, 1], want: [4, 1] },
  { total: 0, shares: [3, 1], want: [0, 0] },
  { total: 7, shares: [0, 5], want: [0, 7] },
  { total: 7, shares: [0, 0], want: [0, 0] },
])('$total over $shares gives $want', ({ total, shares: given, want }) => {
  expect(apportion(total, given)).toEqual(want);
});

test('parts are whole, add up and are never more than their share rounded up', () => {
  fc.assert(
    fc.property(shares, fc.nat(1_000_000), (given, total) => {
      fc.pre(sum(given) > 0);
      const parts = apportion(total, given);
      expect(sum(parts)).toBe(total);
      parts.forEach((part, i) => {
        expect(Number.isInteger(part)).toBe(true);
        expect(part).toBeLessThanOrEqual(Math.ceil((total * (given[i] ?? 0)) / sum(given)));
      });
    }),
  );
});

test('a split keeps the sum, takes nothing below 0 and gives the canary its percentage', () => {
  fc.assert(
    fc.property(shares, fc.integer({ min: 0, max: 100 }), (given, percent) => {
      fc.pre(sum(given) > 0);
      const whole = scaled(given, 100);
      const parts = split(whole, percent);
      const canary = sum(parts.map((part) => part.canary));
      expect(sum(whole)).toBe(Math.max(100, sum(given)));
      expect(sum(parts.map((part) => part.stable)) + canary).toBe(sum(whole));
      expect(parts.every((part) => part.stable >= 0 && part.canary >= 0)).toBe(true);
      expect(Math.round((100 * canary) / sum(whole))).toBe(percent);
    }),
  );
});

test('hundredths of a percent are told apart where the policy asks for them', () => {
  fc.assert(
    fc.property(shares, fc.integer({ min: 0, max: 10_000 }), (given, hundredths) => {
      fc.pre(sum(given) > 0);
      const whole = scaled(given, 10_000);
      const canary = sum(split(whole, hundredths / 100).map((part) => part.canary));
      expect(percentIn(canary, sum(whole))).toBe(hundredths / 100);
    }),
  );
});

test('a user’s sum is told in whole percents, unless it is fine enough for more', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 2_000_000 }),
      fc.integer({ min: 0, max: 100 }),
      (total, percent) => {
        const [part] = split(scaled([total], 100), percent);
        expect(percentIn(part?.canary ?? NaN, total)).toBe(percent);
      },
    ),
  );
});
