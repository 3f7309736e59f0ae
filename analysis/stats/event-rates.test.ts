import { describe, expect, it } from 'vitest';
import { moreFrequent } from './event-rates.ts';

const at = (events: number, seconds: number) => ({ events, seconds });

/** P(X ≥ k) for X ~ Binomial(n, p), term by term. */
function tail(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let sum = 0;
  for (let i = 0; i <= n; i++) {
    if (i >= k) sum += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return sum;
}

describe('events of two sides', () => {
  it.each([
    [at(2, 600), at(0, 2400)],
    [at(1, 600), at(3, 2400)],
    [at(7, 1), at(9, 2)],
    [at(3, 5), at(100, 400)],
  ])('%o against %o: as likely as the binomial distribution says', (first, second) => {
    const p = first.seconds / (first.seconds + second.seconds);
    expect(moreFrequent(first, second)).toBeCloseTo(tail(first.events, first.events + second.events, p), 10);
  });

  it('say nothing where there are none, and nothing against time that was not looked at', () => {
    expect(moreFrequent(at(0, 60), at(4, 60))).toBe(1);
    expect(moreFrequent(at(3, 60), at(0, 0))).toBe(1);
    expect(moreFrequent(at(0, 0), at(0, 0))).toBe(1);
  });

  it('are refused where they cannot be', () => {
    for (const wrong of [at(-1, 1), at(0.5, 1), at(NaN, 1), at(1, -1), at(1, Infinity), at(1, NaN)]) {
      expect(() => moreFrequent(wrong, at(1, 1))).toThrow(RangeError);
      expect(() => moreFrequent(at(1, 1), wrong)).toThrow(RangeError);
    }
  });
});
