import { deviance, stirlingError } from './stirling.ts';
import type { LogTails } from './tails.ts';
import { continuedFraction, fromLower, fromUpper } from './tails.ts';

const HALF_LOG_TWO_PI = 0.918938533204672742;

/**
 * Regularized incomplete beta function: ln I_x(a, b) and ln(1 − I_x(a, b)), for a, b > 0 and x + y = 1. Both x and y are
 * given, because 1 − x may have lost digits that y still has. Continued fraction of DiDonato & Morris (1992) with
 * Loader's saddle-point prefactor. Relative accuracy of the tails: 1e-12 in the body and 1e-9 far out, for a, b up to 1e6
 * (fixtures/special.py). Cost: O(√max(a, b)) near the mean, else tens of steps.
 */
export function logBetaTails(a: number, b: number, x: number, y: number): LogTails {
  if (!(a > 0 && a < Infinity && b > 0 && b < Infinity) || !(x >= 0 && y >= 0)) {
    throw new RangeError(`incomplete beta needs a, b > 0 and 0 ≤ x ≤ 1, not a=${a}, b=${b}, x=${x}`);
  }
  if (x === 0) return { lower: -Infinity, upper: 0 };
  if (y === 0) return { lower: 0, upper: -Infinity };
  const scale = logScale(a, b, x, y);
  if (a * y >= b * x) return fromLower(scale - Math.log(fraction(a, b, x, y)));
  return fromUpper(scale - Math.log(fraction(b, a, y, x)));
}

/** ln of the density of Beta(a, b) at x: a, b > 0 and 0 < x < 1. */
export function logBetaDensity(a: number, b: number, x: number): number {
  return logScale(a, b, x, 1 - x) - Math.log(x) - Math.log1p(-x);
}

/** ln[x^a y^b / B(a, b)]. */
function logScale(a: number, b: number, x: number, y: number): number {
  const n = a + b;
  const difference = b * x - a * y;
  const binomial =
    stirlingError(n) -
    stirlingError(a) -
    stirlingError(b) -
    deviance(a, n * x, difference) -
    deviance(b, n * y, -difference);
  return binomial + 0.5 * (Math.log(a) + Math.log(b / n)) - HALF_LOG_TWO_PI;
}

/** x^a y^b / (B(a, b) · I_x(a, b)), for x below the mean a/(a+b). */
function fraction(a: number, b: number, x: number, y: number): number {
  const drift = a * y - b * x + 1;
  return continuedFraction((m) => {
    const odd = a + 2 * m - 1;
    const beta = m + (m * (b - m) * x) / odd + ((a + m) * (drift + m * (1 + y))) / (odd + 2);
    const alpha = (((a + m - 1) * (a + b + m - 1)) / odd) * ((m * (b - m)) / odd) * x * x;
    return [alpha, m === 0 ? (a * drift) / (a + 1) : beta];
  });
}
