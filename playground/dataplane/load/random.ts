import type { Random } from '../../../lib/random.ts';

/** Waiting time of a Poisson process with that mean. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** z of the 99th percentile of the normal distribution. */
const Z99 = 2.3263478740408408;

/**
 * A lognormal draw, defined by its median and its 99th percentile; p99 at or below p50 gives the constant
 * p50.
 */
export function lognormal(random: Random, p50: number, p99: number): number {
  if (p50 <= 0 || p99 <= p50) return Math.max(p50, 0);
  const sigma = Math.log(p99 / p50) / Z99;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return p50 * Math.exp(sigma * normal);
}

/** An index drawn in proportion to the weights (not all zero). */
export function draw(random: Random, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = random() * total;
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
