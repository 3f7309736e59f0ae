import { describe, expect, it } from 'vitest';
import { binomial, childSeed, shuffled } from './random.ts';
import { seeded } from '../../lib/random.ts';

describe('binomial', () => {
  it.each([
    { n: 10, p: 0.3 },
    { n: 10, p: 0.9 },
    { n: 5000, p: 0.001 },
    { n: 100_000, p: 0.02 },
    { n: 100_000, p: 0.98 },
  ])('has the mean and the variance it should: $n × $p', ({ n, p }) => {
    const random = seeded(7);
    const draws = Array.from({ length: 4000 }, () => binomial(n, p, random));
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / (draws.length - 1);
    const want = n * p * (1 - p);
    expect(Math.abs(mean - n * p)).toBeLessThan(4 * Math.sqrt(want / draws.length));
    expect(variance / want).toBeGreaterThan(0.9);
    expect(variance / want).toBeLessThan(1.1);
    expect(draws.every((draw) => draw >= 0 && draw <= n && Number.isInteger(draw))).toBe(true);
  });

  it('is certain at the ends', () => {
    const random = seeded(1);
    expect(binomial(7, 0, random)).toBe(0);
    expect(binomial(7, 1, random)).toBe(7);
    expect(binomial(0, 0.5, random)).toBe(0);
  });

  it('rounds a fraction of an event by chance', () => {
    const random = seeded(1);
    const draws = Array.from({ length: 4000 }, () => binomial(2.25, 1, random));
    expect(new Set(draws)).toEqual(new Set([2, 3]));
    expect(draws.filter((draw) => draw === 3).length / 4000).toBeCloseTo(0.25, 1);
  });
});

it('the same seed gives the same numbers, and each part numbers of its own', () => {
  expect(seeded(3)()).toBe(seeded(3)());
  const children = Array.from({ length: 1000 }, (_, i) => childSeed(3, i));
  expect(new Set(children).size).toBe(1000);
});

it('a shuffle keeps everything and leaves every place to everyone', () => {
  const random = seeded(5);
  const firsts = Array.from({ length: 3000 }, () => shuffled([1, 2, 3], random));
  expect(firsts.every((list) => [...list].sort().join('') === '123')).toBe(true);
  for (const item of [1, 2, 3]) {
    expect(firsts.filter(([first]) => first === item).length / 3000).toBeCloseTo(1 / 3, 1);
  }
});
