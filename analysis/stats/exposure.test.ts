import { expect, test } from 'vitest';
import { marginForWeight } from './exposure.ts';

const strict = { relative: 0.5, absolute: 0.001 };

test.each([
  [100, 0.5, 0.001],
  [50, 1, 0.002],
  [20, 2.5, 0.005],
  [5, 4, 0.01],
  [0, 4, 0.01],
])('for a move to %d percent', (weight, relative, absolute) => {
  const margin = marginForWeight(strict, weight);
  expect(margin.relative).toBeCloseTo(relative, 12);
  expect(margin.absolute).toBeCloseTo(absolute, 12);
});

test('a strict margin that is already wide is not narrowed', () => {
  expect(marginForWeight({ relative: 9, absolute: 0.5 }, 20)).toEqual({ relative: 9, absolute: 0.5 });
});
