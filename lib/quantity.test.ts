import { expect, test } from 'vitest';
import { parseQuantity } from './quantity.ts';

test.each([
  ['250m', 0.25],
  ['2', 2],
  [3, 3],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['.5', 0.5],
  ['1e3', 1000],
  ['1E3', 1000],
  ['2E', 2e18],
  ['-1k', -1000],
  ['100n', 1e-7],
])('%s is %d', (text, want) => {
  expect(parseQuantity(text)).toBeCloseTo(want, 12);
});

test.each(['', 'x', '1x', '1 Gi', 'Gi', undefined, null, '1.2.3', '1mm'])('%s is no quantity', (text) => {
  expect(parseQuantity(text)).toBeUndefined();
});
