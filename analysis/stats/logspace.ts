/** Arithmetic on logarithms, so that evidence of any size stays finite. */

/** ln(e^a + e^b) without overflow; either may be -Infinity. */
export function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  return high === -Infinity ? -Infinity : high + Math.log1p(Math.exp(Math.min(a, b) - high));
}

/** ln Σ e^v without overflow; -Infinity for an empty list. */
export function logSumExp(values: readonly number[]): number {
  let high = -Infinity;
  for (const value of values) high = Math.max(high, value);
  if (high === -Infinity) return -Infinity;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - high);
  return high + Math.log(sum);
}
