import { logGammaTails } from './gamma.ts';
import type { LogTails } from './tails.ts';

/** Standard normal distribution: ln Φ(z) and ln(1 − Φ(z)), through the incomplete gamma function at ½. */
export function logNormalTails(z: number): LogTails {
  if (Number.isNaN(z)) throw new RangeError('the normal distribution needs a number, not NaN');
  const { lower: inside, upper: outside } = logGammaTails(0.5, (z * z) / 2);
  const far = outside - Math.LN2;
  const near = Math.log1p(Math.exp(inside)) - Math.LN2;
  return z < 0 ? { lower: far, upper: near } : { lower: near, upper: far };
}

const STEPS = 12;

/**
 * The z with Φ(z) = p, for 0 < p < 1, by Newton's method on a smooth function: the mass between 0 and z in the body, the
 * logarithm of the tail outside. Cost: some five evaluations of Φ.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a normal quantile needs 0 < p < 1, not ${p}`);
  if (p === 0.5) return 0;
  const below = p < 0.5;
  const size = Math.abs(p - 0.5) < 0.25 ? bodyQuantile(Math.abs(p - 0.5)) : tailQuantile(below ? p : 1 - p);
  return below ? -size : size;
}

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);

function bodyQuantile(mass: number): number {
  let z = mass * ROOT_TWO_PI;
  for (let i = 0; i < STEPS; i++) {
    const inside = Math.exp(logGammaTails(0.5, (z * z) / 2).lower) / 2;
    const step = (inside - mass) * ROOT_TWO_PI * Math.exp((z * z) / 2);
    z -= step;
    if (Math.abs(step) < 1e-16 * z) break;
  }
  return z;
}

function tailQuantile(p: number): number {
  const target = Math.log(p);
  let z = Math.sqrt(Math.max(0.3, -2 * target - Math.log(-2 * target * 3)));
  for (let i = 0; i < STEPS; i++) {
    const { upper } = logNormalTails(z);
    const step = (upper - target) * Math.exp(upper + (z * z) / 2) * ROOT_TWO_PI;
    z += step;
    if (Math.abs(step) < 1e-16 * z) break;
  }
  return z;
}
