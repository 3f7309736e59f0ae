import { describe, expect, it } from 'vitest';
import { draw, exponential, lognormal } from './random.ts';
import { fnv1a } from '../../../lib/hash.ts';
import { seeded } from '../../../lib/random.ts';

const many = (next: () => number): number[] => Array.from({ length: 40_000 }, next);
const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? NaN;

describe('random numbers', () => {
  it('repeat with the seed and differ between seeds', () => {
    expect(many(seeded(1)).slice(0, 5)).toEqual(many(seeded(1)).slice(0, 5));
    expect(seeded(1)()).not.toBe(seeded(2)());
    expect(fnv1a('pod-a')).not.toBe(fnv1a('pod-b'));
  });

  it('have the lognormal median and 99th percentile that were asked for', () => {
    const random = seeded(3);
    const values = many(() => lognormal(random, 20, 80));
    expect(quantile(values, 0.5)).toBeCloseTo(20, -0.5);
    expect(quantile(values, 0.99) / 80).toBeCloseTo(1, 1);
    expect(lognormal(random, 20, 20)).toBe(20);
  });

  it('have the exponential mean that was asked for', () => {
    const random = seeded(4);
    const values = many(() => exponential(random, 5));
    expect(values.reduce((sum, value) => sum + value, 0) / values.length / 5).toBeCloseTo(1, 1);
  });

  it('draw in proportion to weights and never what weighs nothing', () => {
    const random = seeded(5);
    const drawn = many(() => draw(random, [0, 1, 3, 0]));
    expect(drawn.filter((index) => index === 2).length / drawn.length).toBeCloseTo(0.75, 1);
    expect(new Set(drawn)).toEqual(new Set([1, 2]));
    expect(draw(() => 1, [1, 0])).toBe(0);
  });
});
