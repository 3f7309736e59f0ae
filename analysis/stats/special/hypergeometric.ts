import { deviance, stirlingError } from './stirling.ts';
import { logOneMinusExp, MOST_TERMS, PRECISION } from './tails.ts';

/** `draws` without replacement out of `population`, of which `good` count as successes. Whole numbers ≥ 0. */
export interface Urn {
  draws: number;
  good: number;
  population: number;
}

/** The fewest and the most successes possible. */
export function support({ draws, good, population }: Urn): { least: number; most: number } {
  return { least: Math.max(0, draws + good - population), most: Math.min(draws, good) };
}

/** ln P(X = k); Loader's saddle-point form, relative accuracy of the probability 1e-13 in the body. */
export function logProbability(k: number, urn: Urn): number {
  const { draws, good, population } = urn;
  const { least, most } = support(urn);
  if (k < least || k > most) return -Infinity;
  if (least === most) return 0;
  const p = draws / population;
  const q = (population - draws) / population;
  return (
    logBinomial(k, good, p, q) +
    logBinomial(draws - k, population - good, p, q) -
    logBinomial(draws, population, p, q)
  );
}

function logBinomial(x: number, n: number, p: number, q: number): number {
  if (x === 0) return n === 0 ? 0 : n * (p < 0.5 ? Math.log1p(-p) : Math.log(q));
  if (x === n) return n * (q < 0.5 ? Math.log1p(-q) : Math.log(p));
  const difference = (n - x) * p - x * q;
  return (
    stirlingError(n) -
    stirlingError(x) -
    stirlingError(n - x) -
    deviance(x, n * p, difference) -
    deviance(n - x, n * q, -difference) -
    0.5 * Math.log(2 * Math.PI * x * ((n - x) / n))
  );
}

/** ln P(X ≥ k). Cost: as many steps as there are likely values, about ten standard deviations. */
export function logUpperTail(k: number, urn: Urn): number {
  const { least, most } = support(urn);
  if (k <= least) return 0;
  if (k > most) return -Infinity;
  return k > mean(urn) ? outward(k, 1, urn) : logOneMinusExp(outward(k - 1, -1, urn));
}

/** ln P(X ≤ k). */
export function logLowerTail(k: number, urn: Urn): number {
  const { least, most } = support(urn);
  if (k >= most) return 0;
  if (k < least) return -Infinity;
  return k < mean(urn) ? outward(k, -1, urn) : logOneMinusExp(outward(k + 1, 1, urn));
}

function mean({ draws, good, population }: Urn): number {
  return (draws / population) * good;
}

/** ln of the sum of the probabilities from k on, away from the mean, where each is smaller than the one before. */
function outward(k: number, step: 1 | -1, urn: Urn): number {
  const { draws, good, population } = urn;
  const rest = population - good - draws;
  let total = 1;
  let term = 1;
  let at = k;
  for (let i = 0; i < MOST_TERMS && term > total * PRECISION; i++) {
    term *=
      step === 1
        ? ((good - at) / (at + 1)) * ((draws - at) / (rest + at + 1))
        : (at / (good - at + 1)) * ((rest + at) / (draws - at + 1));
    total += term;
    at += step;
  }
  return logProbability(k, urn) + Math.log(total);
}
