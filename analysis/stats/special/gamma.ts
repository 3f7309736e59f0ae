import { deviance, halfLogTwoPi, stirlingError } from './stirling.ts';
import type { LogTails } from './tails.ts';
import { continuedFraction, fromLower, fromUpper, MOST_TERMS, PRECISION } from './tails.ts';

/**
 * Regularized incomplete gamma functions: ln P(a, x) and ln Q(a, x), for a > 0 and x ≥ 0. Series below the mean,
 * continued fraction above, with Loader's saddle-point prefactor. Relative accuracy of the tails: 1e-12 in the body and
 * 1e-9 far out, for a up to 1e6 (fixtures/special.py). Cost: O(√a) for x near a, else tens of steps.
 */
export function logGammaTails(a: number, x: number): LogTails {
  if (!(a > 0 && a < Infinity) || !(x >= 0)) {
    throw new RangeError(`incomplete gamma needs a > 0 and x ≥ 0, not a=${a}, x=${x}`);
  }
  if (x === 0) return { lower: -Infinity, upper: 0 };
  if (x === Infinity) return { lower: 0, upper: -Infinity };
  // ln[x^a e^−x / Γ(a+1)]
  const scale = -deviance(a, x, x - a) - stirlingError(a) - halfLogTwoPi(a);
  if (x < a + 1) return fromLower(scale + Math.log(series(a, x)));
  const fraction = continuedFraction((i) => [i * (a - i), x + 1 - a + 2 * i]);
  return fromUpper(scale + Math.log(a / fraction));
}

/** 1 + x/(a+1) + x²/((a+1)(a+2)) + … */
function series(a: number, x: number): number {
  let total = 1;
  let term = 1;
  for (let n = 1; n < MOST_TERMS && term > total * PRECISION; n++) {
    term *= x / (a + n);
    total += term;
  }
  return total;
}
