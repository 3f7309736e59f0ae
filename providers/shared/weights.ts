/**
 * Divides the whole number `total` over `shares` in proportion, in whole numbers that add up to `total` (largest
 * remainder, ties to the first). No part exceeds its share rounded up. All shares 0: everything is 0.
 */
export function apportion(total: number, shares: readonly number[]): number[] {
  const sum = shares.reduce((a, b) => a + b, 0);
  if (sum === 0) return shares.map(() => 0);
  const exact = shares.map((share) => (total * share) / sum);
  const parts = exact.map(Math.floor);
  const rest = total - parts.reduce((a, b) => a + b, 0);
  const order = exact
    .map((value, index) => ({ index, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of order.slice(0, rest)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

/** Smaller sums are scaled: with less, one percent cannot be expressed in whole numbers. */
export const FULL = 100;

/** The sum of a rule while it is split, if its stable destinations had `weights`: never less than `total`. */
export function scaled(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  return sum > 0 && sum < total ? apportion(total, weights) : [...weights];
}

/** `part` as a percent of `sum`: with two decimals if the sum is fine enough for them, otherwise whole. */
export function percentIn(part: number, sum: number): number {
  const steps = sum < FINE ? 1 : 100;
  return Math.round((100 * steps * part) / sum) / steps;
}

const FINE = 100 * FULL;

/** `parts[i]` of a rule, split so that `percent` of the whole goes to the canary. Sums are kept. */
export function split(parts: readonly number[], percent: number): { stable: number; canary: number }[] {
  const sum = parts.reduce((a, b) => a + b, 0);
  const canaries = apportion(Math.round((sum * percent) / 100), parts);
  return parts.map((part, index) => ({
    stable: part - (canaries[index] ?? 0),
    canary: canaries[index] ?? 0,
  }));
}
