import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logBetaTails } from './beta.ts';
import { logChiSquareTails, logStudentTails } from './distributions.ts';
import { logGammaTails } from './gamma.ts';
import { logLowerTail, logUpperTail } from './hypergeometric.ts';
import { logNormalTails, normalQuantile } from './normal.ts';

interface Fixtures {
  large: [kind: 'beta' | 'gamma' | 'hypergeometric', args: number[], lower: number, upper: number][];
  beta: [a: number, b: number, x: number, y: number, lower: number, upper: number][];
  gamma: [a: number, x: number, lower: number, upper: number][];
  normal: [z: number, lower: number, upper: number][];
  normalQuantile: [p: number, z: number][];
  t: [t: number, df: number, upper: number][];
  hypergeometric: [
    k: number,
    draws: number,
    good: number,
    population: number,
    lower: number,
    upper: number,
  ][];
}

const fixtures = JSON.parse(
  readFileSync(new URL('../fixtures/special.json', import.meta.url), 'utf8'),
) as Fixtures;

const BODY = Math.log(1e-10);

/**
 * Relative error of a probability given as logarithms: at most 1e-12 in the body, 1e-9 in the tail. Below 1e-300, where a
 * double cannot hold the probability, the logarithm itself has to be right to 1e-12.
 */
function expectClose(got: number, want: number, where: string): void {
  if (want < -690) expect(Math.abs(got / want - 1), where).toBeLessThan(1e-12);
  else
    expect(Math.abs(Math.expm1(got - want)), `${where}: got ${got}, want ${want}`).toBeLessThan(
      want > BODY ? 1e-12 : 1e-9,
    );
}

describe('agree with the 40-digit reference: 1e-12 in the body, 1e-9 in the tails', () => {
  test('the incomplete beta function', () => {
    expect(fixtures.beta.length).toBeGreaterThan(120);
    for (const [a, b, x, y, lower, upper] of fixtures.beta) {
      const got = logBetaTails(a, b, x, y);
      expectClose(got.lower, lower, `lower I_${x}(${a}, ${b})`);
      expectClose(got.upper, upper, `upper I_${x}(${a}, ${b})`);
    }
  });

  test('the incomplete gamma function and χ²', () => {
    expect(fixtures.gamma.length).toBeGreaterThan(40);
    for (const [a, x, lower, upper] of fixtures.gamma) {
      const got = logGammaTails(a, x);
      expectClose(got.lower, lower, `P(${a}, ${x})`);
      expectClose(got.upper, upper, `Q(${a}, ${x})`);
      expect(logChiSquareTails(2 * x, 2 * a)).toEqual(got);
    }
  });

  test('the normal distribution and its quantiles', () => {
    for (const [z, lower, upper] of fixtures.normal) {
      const got = logNormalTails(z);
      expectClose(got.lower, lower, `Φ(${z})`);
      expectClose(got.upper, upper, `1 − Φ(${z})`);
      expect(logNormalTails(-z)).toEqual({ lower: got.upper, upper: got.lower });
    }
    for (const [p, z] of fixtures.normalQuantile) {
      expect(Math.abs(normalQuantile(p) - z), `quantile of ${p}`).toBeLessThanOrEqual(1e-12 * Math.abs(z));
    }
  });

  test("Student's t", () => {
    for (const [t, df, upper] of fixtures.t) {
      expectClose(logStudentTails(t, df).upper, upper, `P(T ≥ ${t}) at df=${df}`);
      expectClose(logStudentTails(-t, df).lower, upper, `P(T ≤ −${t}) at df=${df}`);
    }
  });

  test('the hypergeometric tails', () => {
    for (const [k, draws, good, population, lower, upper] of fixtures.hypergeometric) {
      const urn = { draws, good, population };
      expectClose(logLowerTail(k, urn), lower, `P(X ≤ ${k}) of ${JSON.stringify(urn)}`);
      expectClose(logUpperTail(k, urn), upper, `P(X ≥ ${k}) of ${JSON.stringify(urn)}`);
    }
  });
});

const TAILS = {
  beta: ([a = 0, b = 0, x = 0, y = 0]) => logBetaTails(a, b, x, y),
  gamma: ([a = 0, x = 0]) => logGammaTails(a, x),
  hypergeometric: ([k = 0, draws = 0, good = 0, population = 0]) => {
    const urn = { draws, good, population };
    return { lower: logLowerTail(k, urn), upper: logUpperTail(k, urn) };
  },
} satisfies Record<string, (args: number[]) => { lower: number; upper: number }>;

test('parameters of 1e9 to 1e12 cost no more than a digit', () => {
  expect(fixtures.large).toHaveLength(13);
  for (const [kind, args, lower, upper] of fixtures.large) {
    const got = TAILS[kind](args);
    for (const error of [got.lower - lower, got.upper - upper]) {
      expect(Math.abs(Math.expm1(error)), `${kind} ${args.join(', ')}`).toBeLessThan(5e-12);
    }
  }
});

const positive = fc.oneof(
  fc.constantFrom(1e-3, 0.5, 1, 1e6, 1e12),
  fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
);
const share = fc.double({ min: 0, max: 1, noNaN: true });

function expectTails({ lower, upper }: { lower: number; upper: number }): void {
  expect(lower).toBeLessThanOrEqual(1e-12);
  expect(upper).toBeLessThanOrEqual(1e-12);
  expect(Math.exp(lower) + Math.exp(upper)).toBeCloseTo(1, 12);
}

test('finite arguments give two tails that add up to 1, never NaN', () => {
  fc.assert(
    fc.property(positive, positive, share, (a, b, x) => {
      expectTails(logBetaTails(a, b, x, 1 - x));
      expectTails(logGammaTails(a, 2 * a * x));
      expectTails(logGammaTails(a, b));
      expectTails(logStudentTails(b - a, a));
    }),
    { numRuns: 60 },
  );
  expectTails(logNormalTails(1e200));
  expectTails(logNormalTails(Infinity));
  expectTails(logStudentTails(1e200, 3));
});

test('quantiles of the normal distribution are the inverse of its tails', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 0.5, noNaN: true }), (p) => {
      expect(logNormalTails(normalQuantile(p)).lower / Math.log(p)).toBeCloseTo(1, 12);
    }),
  );
});

test('an impossible argument is refused by name', () => {
  expect(() => logBetaTails(0, 1, 0.5, 0.5)).toThrow('a=0');
  expect(() => logGammaTails(1, -1)).toThrow('x=-1');
  expect(() => logStudentTails(1, 0)).toThrow('df > 0, not 0');
  expect(() => logChiSquareTails(1, NaN)).toThrow('df > 0, not NaN');
  expect(() => normalQuantile(1)).toThrow('0 < p < 1, not 1');
  expect(() => logNormalTails(NaN)).toThrow('not NaN');
});
