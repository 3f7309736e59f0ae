import { describe, expect, test } from 'vitest';
import { beta, binomial, randomOf } from './random.ts';

const DRAWS = 40_000;

function moments(draw: () => number): { mean: number; variance: number } {
  const values = Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (DRAWS - 1) };
}

test('a stream is repeated by its key, and another key gives another stream', () => {
  const first = randomOf('a', 1);
  const again = randomOf('a', 1);
  const other = randomOf('a', 2);
  const draws = Array.from({ length: 100 }, () => [first(), again(), other()] as const);
  expect(draws.every(([one, two]) => one === two)).toBe(true);
  expect(draws.filter(([one, , three]) => one === three)).toEqual([]);
});

test('uniform numbers have the moments of uniform numbers', () => {
  const { mean, variance } = moments(randomOf('uniform'));
  expect(mean).toBeCloseTo(0.5, 2);
  expect(variance).toBeCloseTo(1 / 12, 2);
});

describe('binomial counts have the moments of binomial counts', () => {
  test.each([
    [600, 0.01],
    [10, 0.5],
    [11_400, 0.3],
    [2000, 0.97],
    [150, 0.9],
    [1, 0.2],
  ])('n %d, p %d', (n, p) => {
    const random = randomOf('binomial', n, p);
    const { mean, variance } = moments(() => binomial(n, p, random));
    const expected = n * p * (1 - p);
    expect(Math.abs(mean - n * p)).toBeLessThan(5 * Math.sqrt(expected / DRAWS));
    expect(variance / expected).toBeGreaterThan(0.95);
    expect(variance / expected).toBeLessThan(1.05);
  });

  test('certain outcomes are not drawn', () => {
    const random = randomOf('certain');
    expect([binomial(7, 1, random), binomial(7, 0, random), binomial(0, 0.5, random)]).toEqual([7, 0, 0]);
  });
});

test('beta variates have the moments of beta variates', () => {
  const random = randomOf('beta');
  const { mean, variance } = moments(() => beta(2, 6, random));
  expect(mean).toBeCloseTo(0.25, 2);
  expect(variance).toBeCloseTo(12 / (64 * 9), 3);
});
