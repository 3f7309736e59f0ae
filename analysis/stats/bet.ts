import { bestRoot } from './bet-root.ts';

/**
 * One bet of the linear-margin two-sample e-process.
 *
 * With bad requests x1 of n1 (canary) and x0 of n0 (stable), `exp(s1·x1 + s0·x0 − n1·δ·κ1)` has expectation at most 1
 * whenever p1 ≤ λ·p0 + δ (g > 1, harm) or p1 ≥ λ·p0 + δ (g < 1, safe), whatever p0 is. So products over windows are test
 * supermartingales (Ville), through changing weights and a drifting baseline.
 */
export interface Bet {
  /** score of one bad canary request */
  s1: number;
  /** score of one bad stable request */
  s0: number;
  /** cumulant κ(s1): the charge per canary request and unit of absolute margin */
  kappa1: number;
}

/** The counts of one window. May be fractional; `0 ≤ x ≤ n`. */
export interface Tick {
  n1: number;
  x1: number;
  n0: number;
  x0: number;
}

/** A rate is compared against `stable × (1 + relative) + absolute`. */
export interface Margin {
  relative: number;
  absolute: number;
}

/** Below this the negative-binomial form loses digits and the Poisson form is exact enough. */
export const POISSON_BELOW = 1.01;

/**
 * The bet on a true ratio `g` times the margin (g > 1: harm, 0 < g < 1: safe) at exposure ratio `r = n1·λ/n0 > 0` and
 * dispersion `phi ≥ 1` (variance = phi × mean).
 */
export function bet(g: number, r: number, phi: number): Bet {
  return phi < POISSON_BELOW ? poissonBet(g, r) : negativeBinomialBet(g, r, phi);
}

function poissonBet(g: number, r: number): Bet {
  const kappa1 = (g - 1) / (g * r + 1);
  return { s1: Math.log1p(kappa1), s0: Math.log1p(-r * kappa1), kappa1 };
}

/** κ(s) = −ln(1 − (φ−1)(e^s − 1))/(φ−1): compound Poisson with log-series bursts, so the window's length is irrelevant. */
function negativeBinomialBet(g: number, r: number, phi: number): Bet {
  const excess = phi - 1;
  const root = bestRoot(g, r, phi);
  return {
    s1: Math.log1p(-Math.expm1(root) / excess),
    s0: Math.log1p(-Math.expm1(-r * root) / excess),
    kappa1: -root / excess,
  };
}

/** ln of the e-value that one window earns for one bet. Only for a window that `informs`. */
export function logE(tick: Tick, margin: Margin, g: number, phi: number): number {
  const { s1, s0, kappa1 } = bet(g, (tick.n1 * (1 + margin.relative)) / tick.n0, phi);
  return s1 * tick.x1 + s0 * tick.x0 - tick.n1 * margin.absolute * kappa1;
}

/** Less than this is rounding, not requests. */
const LEAST = 1e-6;

/** A window says something only if both arms had requests. */
export function informs(tick: Tick): boolean {
  return tick.n1 > LEAST && tick.n0 > LEAST;
}
