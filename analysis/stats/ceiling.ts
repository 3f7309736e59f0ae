import { POISSON_BELOW } from './bet.ts';
import type { HarmWealth } from './process.ts';
import { reinvest } from './process.ts';

/**
 * Is the canary's own rate above a ceiling? A one-sample e-process: it does not use stable's requests, so it also works
 * where stable has none, and finds harm that affects both arms.
 *
 * H0: p1(t) ≤ c in every window. For a bet g > 1 on a true rate of g·c, a window of n1 requests, x1 of them bad, earns
 *   ln e = s·x1 − n1·c·κ(s)
 * where κ is the cumulant of a compound Poisson count with log-series bursts (variance = φ × mean), as in bet.ts. Its
 * expectation is exp(n1·κ(s)·(p1 − c)) ≤ 1 under H0, because κ(s) > 0 for s > 0; so products over windows are test
 * supermartingales (Ville), and so are mixtures over bets with a reserve. Growth at p1 = g·c is greatest where κ'(s) = g,
 * which has a closed form:
 *   φ = 1: s = ln g,                       κ = g − 1
 *   φ > 1: e^s = g·φ / (1 + g·(φ − 1)),    κ = ln((1 + g·(φ − 1)) / φ) / (φ − 1)
 * It is the limit of the two-sample bet of bet.ts for infinite stable traffic at rate c.
 */
export function ceilingBet(g: number, phi: number): { s: number; kappa: number } {
  if (phi < POISSON_BELOW) return { s: Math.log(g), kappa: g - 1 };
  const excess = phi - 1;
  // (1 + g·(φ−1)) / φ = 1 + (g−1)·(φ−1)/φ
  const log = Math.log1p(((g - 1) * excess) / phi);
  return { s: Math.log(g) - log, kappa: log / excess };
}

/** The canary's counts of one window; 0 ≤ x1 ≤ n1. */
export interface CanaryCounts {
  n1: number;
  x1: number;
}

/** Less than this is rounding, not requests. */
const LEAST = 1e-6;

/** Evidence that the rate is above `ceiling` after one more window of `seconds`; one without requests changes nothing. */
export function ceilingTick(
  wealth: HarmWealth,
  { n1, x1 }: CanaryCounts,
  { ceiling, phi }: { ceiling: number; phi: number },
  seconds: number,
): HarmWealth {
  if (n1 <= LEAST) return wealth;
  return reinvest(wealth, seconds, (g) => {
    const { s, kappa } = ceilingBet(g, phi);
    return s * x1 - n1 * ceiling * kappa;
  });
}

/**
 * ln of the bar: ten times that of the comparison. P(evidence ever reaches 10/risk | rate ≤ ceiling) ≤ risk/10 (Ville),
 * so the ceiling adds at most a tenth of the risk of rolling back an acceptable canary, and needs about ln 10 more
 * evidence than a separate test would.
 */
export function ceilingBar(risk: number): number {
  return Math.log(10 / risk);
}
