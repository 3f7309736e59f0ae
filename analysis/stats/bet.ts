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
  const root = solve(g, r, phi);
  return {
    s1: Math.log1p(-Math.expm1(root) / excess),
    s0: Math.log1p(-Math.expm1(-r * root) / excess),
    kappa1: -root / excess,
  };
}

/** Halley steps treble the digits: one that moves less than this lands within rounding of the root. */
const CLOSE = 1e-5;

/**
 * The root L of (φ−D1)/D1 · D0/(φ−D0) = g with D1 = e^L, D0 = e^(−rL), by Halley steps on the logarithm kept inside a
 * bracket. The left side falls in L. Any L in the bracket gives a valid bet (n1·λ·κ1 + n0·κ0 = 0 holds identically); the root
 * is the best.
 */
function solve(g: number, r: number, phi: number): number {
  const top = Math.log(phi);
  let low = g > 1 ? Math.max(-top / r, -700) : 0;
  let high = g > 1 ? 0 : top;
  // The Poisson answer carried over is a good start.
  const guess = (-(phi - 1) * (g - 1)) / (g * r + 1);
  let at = guess > low && guess < high ? guess : (low + high) / 2;
  for (let i = 0; i < 100; i++) {
    const d1 = Math.exp(at);
    const d0 = Math.exp(-r * at);
    const room1 = phi - d1;
    const room0 = phi - d0;
    const value = Math.log(room1 / (room0 * g)) - at * (1 + r);
    const slope = -phi / room1 - (r * phi) / room0;
    const bend = phi * ((r * r * d0) / (room0 * room0) - d1 / (room1 * room1));
    if (value > 0) low = at;
    else high = at;
    const step = at - (2 * value * slope) / (2 * slope * slope - value * bend);
    const inside = step > low && step < high;
    // Near an end of the bracket the scores change quickly, so what is close is measured by the distance to it.
    const scale = Math.min(Math.abs(at), top - at, at + top / r);
    if (inside && Math.abs(step - at) <= CLOSE * scale) return step;
    if (high - low <= Number.EPSILON * Math.abs(at)) return at;
    at = inside ? step : (low + high) / 2;
  }
  return at;
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
