import { expect, test } from 'vitest';
import { canaryReplicas } from './steering.ts';

test.each([
  { weight: 5, stable: 4, want: 1 },
  { weight: 25, stable: 4, want: 1 },
  { weight: 26, stable: 4, want: 2 },
  { weight: 50, stable: 5, want: 3 },
  { weight: 7, stable: 100, want: 7 },
  { weight: 29, stable: 100, want: 29 },
  { weight: 100, stable: 3, want: 3 },
  { weight: 0, stable: 10, want: 1 },
  { weight: 50, stable: 0, want: 1 },
])('$weight% of $stable stable pods need $want', ({ weight, stable, want }) => {
  expect(canaryReplicas(weight, stable)).toBe(want);
});

test('a fixed number overrides the share', () => {
  expect(canaryReplicas(5, 100, 2)).toBe(2);
  expect(canaryReplicas(5, 100, 0)).toBe(1);
});
