import { expect, it } from 'vitest';
import { countedFrom } from './counted-from.ts';

const HOUR = 3_600_000;
const START = 1_700_000_000_000;
const after = (hours: number) => {
  const { startMs, logWeight } = countedFrom(START, START + hours * HOUR);
  return { back: (START + hours * HOUR - startMs) / HOUR, weight: Math.exp(logWeight) };
};

it.each([
  { hours: 0.01, back: 0.01, weight: 0.9 },
  { hours: 1.99, back: 1.99, weight: 0.9 },
  { hours: 2, back: 1, weight: 0.05 },
  { hours: 2.5, back: 1.5, weight: 0.05 },
  { hours: 100.25, back: 1.25, weight: 0.1 / (99 * 100) },
])('a release that fails after $hours h is counted for the last $back h', ({ hours, back, weight }) => {
  expect(after(hours).back).toBeCloseTo(back, 6);
  expect(after(hours).weight).toBeCloseTo(weight, 12);
});

it('the weights of all possible beginnings are at most 1 together', () => {
  const weights = Array.from({ length: 10_000 }, (_, i) => after(i + 1.5).weight);
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeLessThanOrEqual(1);
});
