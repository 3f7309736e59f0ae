/** A source of numbers in [0, 1). */
export type Random = () => number;

/** Repeatable numbers from a seed (mulberry32): good enough to draw faults and arrival times, not for secrets. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A 32-bit number from a text (FNV-1a), to give every pod its own seed. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}

/** Waiting time of a Poisson process with that mean. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** z of the 99th percentile of the normal distribution. */
const Z99 = 2.3263478740408408;

/** A lognormal draw given by its median and its 99th percentile; p99 at or below p50 gives the constant p50. */
export function lognormal(random: Random, p50: number, p99: number): number {
  if (p50 <= 0 || p99 <= p50) return Math.max(p50, 0);
  const sigma = Math.log(p99 / p50) / Z99;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return p50 * Math.exp(sigma * normal);
}

/** Index drawn in proportion to the weights (not all zero). */
export function draw(random: Random, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = random() * total;
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
