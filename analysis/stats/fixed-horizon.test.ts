import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Alternative, TestResult } from './comparison.ts';
import { fisherExact } from './fisher-exact.ts';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { mannWhitney } from './mann-whitney.ts';
import { twoProportionZ } from './two-proportion-z.ts';
import { welchT } from './welch-t.ts';

type Expected = Record<Alternative, [statistic: number | null, p: number]>;
type CountRow = [canary: [number, number], stable: [number, number], Expected];
type SampleRow = [canary: number[], stable: number[], Expected];

const fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/tests.json', import.meta.url), 'utf8'),
) as Record<'z' | 'fisher', CountRow[]> & Record<'welch' | 'mannWhitney' | 'ks', SampleRow[]>;

const SIDES = ['greater', 'less', 'two-sided'] as const;

const counts = ([bad, total]: [number, number]) => ({ bad, total });

function compare(got: TestResult, [statistic, p]: [number | null, number], precision: number): void {
  if (statistic !== null)
    expect(Math.abs(got.statistic - statistic)).toBeLessThan(1e-10 * (1 + Math.abs(statistic)));
  expect(Math.abs(got.p - p) / p, `p = ${got.p}, not ${p}`).toBeLessThan(precision);
  expect(Math.exp(got.logP)).toBeCloseTo(got.p, 12);
}

describe('agree with the reference on every side', () => {
  test.each([
    { name: 'two-proportion z', rows: fixtures.z, run: twoProportionZ, precision: 1e-10 },
    { name: 'Fisher exact', rows: fixtures.fisher, run: fisherExact, precision: 1e-11 },
  ])('$name', ({ rows, run, precision }) => {
    expect(rows.length).toBeGreaterThan(8);
    for (const [canary, stable, expected] of rows) {
      for (const side of SIDES) compare(run(counts(canary), counts(stable), side), expected[side], precision);
    }
  });

  test.each([
    { name: 'Welch t', rows: fixtures.welch, run: welchT, precision: 1e-10 },
    { name: 'Mann–Whitney', rows: fixtures.mannWhitney, run: mannWhitney, precision: 1e-10 },
    { name: 'Kolmogorov–Smirnov', rows: fixtures.ks, run: kolmogorovSmirnov, precision: 1e-9 },
  ])('$name', ({ rows, run, precision }) => {
    expect(rows.length).toBeGreaterThan(6);
    for (const [canary, stable, expected] of rows) {
      for (const side of SIDES) compare(run(canary, stable, side), expected[side], precision);
    }
  });
});

const value = fc.oneof(
  fc.constantFrom(0, 1, -1, 1e300, -1e300, 5e-324),
  fc.nat(5),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const sample = fc.array(value, { minLength: 2, maxLength: 30 });
const arm = fc
  .record({
    total: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.constant(1e12)),
    share: fc.integer({ min: 0, max: 100 }),
  })
  .map(({ total, share }) => ({
    total,
    bad: Math.min(total, Math.round((Math.min(total, 1e6) * share) / 100)),
  }));

function expectProbability({ statistic, p, logP }: TestResult): void {
  expect(statistic).not.toBeNaN();
  expect(p).toBeGreaterThanOrEqual(0);
  expect(p).toBeLessThanOrEqual(1);
  expect(logP).toBeLessThanOrEqual(0);
}

describe('for whatever finite input', () => {
  test('samples give a probability, never NaN, and the arms exchanged give the other side', () => {
    fc.assert(
      fc.property(sample, sample, (canary, stable) => {
        for (const run of [welchT, mannWhitney, kolmogorovSmirnov]) {
          for (const side of SIDES) expectProbability(run(canary, stable, side));
          expect(run(canary, stable, 'greater').p).toBeCloseTo(run(stable, canary, 'less').p, 10);
          expect(run(canary, stable, 'two-sided').p).toBeCloseTo(run(stable, canary, 'two-sided').p, 10);
        }
      }),
    );
  });

  test('counts up to 1e12 give a probability, and the arms exchanged give the other side', () => {
    fc.assert(
      fc.property(arm, arm, (canary, stable) => {
        for (const run of [twoProportionZ, fisherExact]) {
          for (const side of SIDES) expectProbability(run(canary, stable, side));
          expect(run(canary, stable, 'greater').p).toBeCloseTo(run(stable, canary, 'less').p, 8);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('a single request beside 1e12 has the probability that one can count by hand', () => {
  const many = { bad: 20_000, total: 1e12 };
  const all = 1e12 + 1;
  expect(fisherExact(many, { bad: 1, total: 1 }, 'less').p / (20_001 / all)).toBeCloseTo(1, 10);
  expect(fisherExact(many, { bad: 0, total: 1 }, 'greater').p).toBeCloseTo(1 - 20_000 / all, 12);
});

test('what cannot be compared is refused with the field, its value and a remedy', () => {
  const good = { bad: 1, total: 10 };
  expect(() => twoProportionZ({ bad: 0, total: 0 }, good, 'greater')).toThrow('canary.total is 0');
  expect(() => twoProportionZ(good, { bad: 11, total: 10 }, 'greater')).toThrow(
    'stable.bad is 11; it must lie between',
  );
  expect(() => fisherExact(good, { bad: 0.5, total: 10 }, 'greater')).toThrow('stable.bad is 0.5; Fisher');
  expect(() => welchT([1], [1, 2], 'greater')).toThrow('canary has 1 values; at least 2');
  expect(() => mannWhitney([1], [], 'greater')).toThrow('stable has 0 values; at least 1');
  expect(() => kolmogorovSmirnov([NaN], [1], 'greater')).toThrow('canary holds NaN; remove');
});

test('arms that are constant differ for certain or not at all', () => {
  expect(welchT([3, 3], [3, 3], 'greater')).toMatchObject({ statistic: 0, p: 0.5 });
  expect(welchT([4, 4], [3, 3], 'greater')).toMatchObject({ statistic: Infinity, p: 0 });
  expect(welchT([4, 4], [3, 3], 'less')).toMatchObject({ p: 1 });
  expect(mannWhitney([3, 3], [3, 3, 3], 'greater')).toMatchObject({ statistic: 0, p: 1 });
  expect(kolmogorovSmirnov([3, 3], [3, 3, 3], 'two-sided')).toMatchObject({ statistic: 0, p: 1 });
});
