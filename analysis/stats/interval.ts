import type { Tick } from './bet.ts';
import { bet, informs, POISSON_BELOW } from './bet.ts';
import type { Bets } from './process.ts';
import { HARM_BETS, mixture, SAFE_BETS } from './process.ts';

/**
 * Confidence sequence for the ratio of the error rates (canary / stable), for display: valid at every look. Windows with
 * about the same ratio of requests are pooled, because evidence depends on a window only through that ratio and its counts;
 * windows of different weights are kept apart (pooling those is Simpson's paradox).
 */
export type Pool = readonly (readonly [n1: number, x1: number, n0: number, x0: number])[];

const WIDTH = 0.3;
const MOST_CLASSES = 16;
const RANGE = Math.log(1e4);
const CLOSE = 0.004;
/** evidence this near the bar (ln) counts as equal to it */
const FLAT = 0.02;
const MOST_STEPS = 40;

/** Adds one window to the class of its request ratio. */
export function addToPool(pool: Pool, tick: Tick): Pool {
  if (!informs(tick)) return pool;
  const where = Math.log(tick.n1 / tick.n0);
  let best = -1;
  let distance = pool.length < MOST_CLASSES ? WIDTH / 2 : Infinity;
  for (const [i, [n1, , n0]] of pool.entries()) {
    const away = Math.abs(Math.log(n1 / n0) - where);
    if (away >= distance) continue;
    best = i;
    distance = away;
  }
  const added = [tick.n1, tick.x1, tick.n0, tick.x0] as const;
  if (best === -1) return [...pool, added];
  return pool.map(([a, b, c, d], i) =>
    i === best
      ? ([a + added[0], b + added[1], c + added[2], d + added[3]] as const)
      : ([a, b, c, d] as const),
  );
}

export interface RatioInterval {
  low: number;
  /** Infinity while nothing bounds it from above */
  high: number;
}

/**
 * Ratios λ that neither test rejects at level `alpha`/2 each: harm "p1 ≤ λ·p0" bounds from below, safe "p1 ≥ λ·p0" from
 * above. Accurate to about 0.3% of the bound; bounds beyond 1e-4 and 1e4 are given as 0 and Infinity.
 */
export function ratioInterval(pool: Pool, phi: number, alpha: number): RatioInterval {
  const bar = Math.log(2 / alpha);
  const { centre, error } = sketch(pool, phi);
  const low = root((at) => evidence(pool, at, phi, HARM_BETS) - bar, centre - 3 * error, error);
  const high = root((at) => bar - evidence(pool, at, phi, SAFE_BETS), centre + 3 * error, error);
  return { low, high };
}

/** ln of the ratio and its standard error, roughly: where to begin to look. */
function sketch(pool: Pool, phi: number): { centre: number; error: number } {
  let [bad1, bad0, expected1, expected0] = [0.5, 0.5, 0.5, 0.5];
  for (const [n1, x1, n0, x0] of pool) {
    bad1 += x1;
    bad0 += x0;
    expected1 += (x0 * n1) / (n1 + n0);
    expected0 += (x1 * n0) / (n1 + n0);
  }
  return { centre: Math.log(expected0 / expected1), error: Math.sqrt(phi * (1 / bad1 + 1 / bad0)) };
}

/** ln of the evidence against the ratio e^`at`. */
function evidence(pool: Pool, at: number, phi: number, bets: Bets): number {
  const ratio = Math.exp(at);
  const earned = phi < POISSON_BELOW ? poisson : negativeBinomial;
  const logs = bets.g.map((g) => {
    const logG = Math.log(g);
    // A plain loop, because this is most of what a window costs.
    let sum = 0;
    for (let i = 0; i < pool.length; i++) sum += earned(pool[i] ?? NO_CLASS, { ratio, g, logG, phi });
    return sum;
  });
  return mixture(logs, bets);
}

interface Wager {
  ratio: number;
  g: number;
  logG: number;
  phi: number;
}

const NO_CLASS = [0, 0, 0, 0] as const;

/** Like `bet`, but without an absolute margin and with plain logarithms: exact enough for display, in half the time. */
function poisson(cells: Pool[number], { ratio, g, logG }: Wager): number {
  const r = (cells[0] * ratio) / cells[2];
  const scale = Math.log((1 + r) / (g * r + 1));
  return cells[1] * (logG + scale) + cells[3] * scale;
}

function negativeBinomial(cells: Pool[number], { ratio, g, phi }: Wager): number {
  const { s1, s0 } = bet(g, (cells[0] * ratio) / cells[2], phi);
  return s1 * cells[1] + s0 * cells[3];
}

/** e^x where a falling function of x crosses 0: a bracket around the first guess, then false position (Illinois). */
function root(falling: (at: number) => number, guess: number, width: number): number {
  let high = Math.min(RANGE, Math.max(-RANGE, guess));
  let below = falling(high);
  let [low, above] = [high, below];
  for (let step = width; below > 0 && high < RANGE; step *= 2) {
    [low, above] = [high, below];
    high = Math.min(RANGE, high + step);
    below = falling(high);
  }
  for (let step = width; above <= 0 && low > -RANGE; step *= 2) {
    [high, below] = [low, above];
    low = Math.max(-RANGE, low - step);
    above = falling(low);
  }
  if (below > 0) return Infinity;
  if (above <= 0) return 0;
  return Math.exp(falsePosition(falling, { low, above, high, below }));
}

interface Bracket {
  low: number;
  above: number;
  high: number;
  below: number;
}

function falsePosition(falling: (at: number) => number, bracket: Bracket): number {
  let { low, above, high, below } = bracket;
  let side = 0;
  for (let i = 0; i < MOST_STEPS && high - low > CLOSE; i++) {
    const middle = low + (high - low) * (above / (above - below));
    const value = falling(middle);
    if (Math.abs(value) < FLAT) return middle;
    if (value > 0) {
      if (side > 0) below /= 2;
      [low, above, side] = [middle, value, 1];
    } else {
      if (side < 0) above /= 2;
      [high, below, side] = [middle, value, -1];
    }
  }
  return (low + high) / 2;
}
