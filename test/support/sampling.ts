import type { Random } from '../../lib/random.ts';

/* Draws for simulation tests of the statistics. */

/** A Poisson count: small means by inversion, large ones as sums of halves. */
export function poisson(mean: number, random: Random): number {
  if (mean > 30) return poisson(mean / 2, random) + poisson(mean / 2, random);
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

/** A count with variance phi × mean (negative binomial, as from bursts of requests). */
export function burstyCount(mean: number, phi: number, random: Random): number {
  if (phi <= 1 || mean <= 0) return poisson(mean, random);
  return poisson(gamma(mean / (phi - 1), random) * (phi - 1), random);
}

/** A gamma variate of scale 1 (Marsaglia and Tsang). */
export function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
