import type { Tick } from './bet.ts';
import { informs } from './bet.ts';
import { fourDecimals } from './rounding.ts';

/**
 * How much more the counts vary than Poisson (variance = φ × mean), estimated without per-pod data: a prior from the
 * history of the stable arm, moved towards what the residuals between the arms show as windows pass.
 */

/** A prior is never larger than the largest level. */
export const PRIOR_CAP = 32;
const LONGEST_BLOCK_SECONDS = 8 * 60;
/**
 * How many windows the prior counts as: fewer against more dispersion than it knew, more against less, because a canary
 * without a burst so far says little about later bursts.
 */
const PRIOR_TICKS = { more: 10, less: 20 };
const FEWEST_BLOCKS = 7;
const STANDARD_ERRORS = 2.5;

/** One window of one arm. */
export interface Cell {
  n: number;
  x: number;
}

/** Dispersion in blocks of this many windows. */
export interface Prior {
  ticks: number;
  phi: number;
}

/**
 * Block-variance dispersion of consecutive windows of one arm about their linear trend, for blocks of growing length up to
 * eight minutes: slow bursts show only in long blocks. Never less than in shorter blocks. It is 1 for what Poisson counts
 * show by chance, and for too little history; it may be larger than any level.
 */
export function priorDispersions(history: readonly Cell[], tickSeconds: number): Prior[] {
  const cells = history.filter((cell) => cell.n > 0);
  const rate = trend(cells);
  const priors: Prior[] = [];
  let highest = 1;
  for (let ticks = 1; ticks === 1 || ticks * tickSeconds <= LONGEST_BLOCK_SECONDS; ticks *= 2) {
    const known = Math.floor(cells.length / ticks) >= FEWEST_BLOCKS;
    if (!known && ticks > 1) break;
    if (known) highest = Math.max(highest, blockDispersion(cells, rate, ticks));
    priors.push({ ticks, phi: highest });
  }
  return priors;
}

const OUTAGE = 1 / 3;

/**
 * The history without outages and without the eight minutes that are farthest from the trend. Where a third of all requests
 * fail, all pods do, and so may they in one incident; bad minutes of single pods are smaller, and come again and again.
 */
export function withoutWorst(history: readonly Cell[], tickSeconds: number): Cell[] {
  const cells = history.filter(({ n, x }) => n > 0 && x < OUTAGE * n);
  const length = Math.max(1, Math.floor(LONGEST_BLOCK_SECONDS / tickSeconds));
  const rate = trend(cells);
  const residuals = cells.map(({ n, x }, i) => x - n * rate(i));
  let [worst, farthest] = [0, -1];
  for (let start = 0; start < cells.length; start += Math.ceil(length / 4)) {
    const residual = residuals.slice(start, start + length).reduce((sum, each) => sum + each, 0);
    if (residual * residual > farthest) [worst, farthest] = [start, residual * residual];
  }
  return cells.filter((_, i) => i < worst || i >= worst + length);
}

/** Σ(block residual)² / Σ(expected variance), with 2 of the blocks' freedom spent on the trend; 1 if within chance. */
function blockDispersion(cells: readonly Cell[], rate: (i: number) => number, length: number): number {
  const blocks = Math.floor(cells.length / length);
  let square = 0;
  let variance = 0;
  for (let b = 0; b < blocks; b++) {
    let residual = 0;
    for (const [k, { n, x }] of cells.slice(b * length, (b + 1) * length).entries()) {
      const expected = n * rate(b * length + k);
      residual += x - expected;
      variance += expected * (1 - rate(b * length + k));
    }
    square += residual * residual;
  }
  if (variance <= 0) return 1;
  return beyondChance((square / variance) * (blocks / (blocks - 2)), blocks, variance);
}

/**
 * A variance ratio over this many terms, or 1 if Poisson counts would show as much in one case of about a hundred: on
 * quiet services, doubting φ would cost more than it protects.
 */
function beyondChance(ratio: number, terms: number, variance: number): number {
  return ratio > 1 + STANDARD_ERRORS * Math.sqrt((2 + terms / variance) / terms) ? ratio : 1;
}

/** The straight line through the rates, weighted by requests, kept inside [0, 1]. */
function trend(cells: readonly Cell[]): (i: number) => number {
  let [sw, si, sii, sx, six] = [0, 0, 0, 0, 0];
  for (const [i, { n, x }] of cells.entries()) {
    sw += n;
    si += n * i;
    sii += n * i * i;
    sx += x;
    six += i * x;
  }
  const spread = sw * sii - si * si;
  const slope = spread > 0 ? (sw * six - si * sx) / spread : 0;
  const base = sw > 0 ? (sx - slope * si) / sw : 0;
  return (i) => Math.min(1, Math.max(0, base + slope * i));
}

/** Running sums of the residuals between the arms around the ratio seen so far. Plain JSON. */
export interface Residuals {
  ticks: number;
  /** Mantel–Haenszel sums of the ratio canary/stable: right whatever the baseline and the weights do */
  above: number;
  below: number;
  /** bad requests so far: how sure that ratio is */
  canary: number;
  stable: number;
  /** Σ residual², Σ expected variance, Σ residual × previous residual */
  square: number;
  variance: number;
  lagged: number;
  last: number;
}

export const NO_RESIDUALS: Residuals = {
  ticks: 0,
  above: 0,
  below: 0,
  canary: 0,
  stable: 0,
  square: 0,
  variance: 0,
  lagged: 0,
  last: 0,
};

/** One more window: its residual is taken against the ratio of the windows before it. */
export function addResidual(sums: Residuals, tick: Tick): Residuals {
  if (!informs(tick)) return sums;
  const { n1, x1, n0, x0 } = tick;
  const ratio = (sums.above + 0.5) / (sums.below + 0.5);
  const share = (n1 * ratio) / (n1 * ratio + n0);
  const first = sums.ticks === 0;
  const residual = first ? 0 : x1 - (x1 + x0) * share;
  const poisson = first ? 0 : (x1 + x0) * share * (1 - share);
  const doubt = 1 / (sums.canary + 0.5) + 1 / (sums.stable + 0.5);
  return {
    ticks: sums.ticks + 1,
    above: fourDecimals(sums.above + (x1 * n0) / (n1 + n0)),
    below: fourDecimals(sums.below + (x0 * n1) / (n1 + n0)),
    square: fourDecimals(sums.square + residual * residual),
    canary: fourDecimals(sums.canary + x1),
    stable: fourDecimals(sums.stable + x0),
    variance: fourDecimals(sums.variance + poisson + poisson * poisson * doubt),
    lagged: fourDecimals(sums.lagged + residual * sums.last),
    last: fourDecimals(residual),
  };
}

/** φ after the windows so far, given the prior. */
export function currentDispersion(prior: number, sums: Residuals): number {
  const seen = seenDispersion(sums);
  if (seen === undefined) return prior;
  const t = sums.ticks;
  const kept = seen > prior ? PRIOR_TICKS.more : PRIOR_TICKS.less;
  return Math.exp((kept * Math.log(prior) + t * Math.log(seen)) / (kept + t));
}

/** φ of the residuals alone, 1 within chance; `undefined` before anything is seen. Correlation also counts only beyond chance. */
export function seenDispersion(sums: Residuals): number | undefined {
  if (sums.variance <= 0 || sums.square <= 0) return undefined;
  const t = sums.ticks;
  const ratio = sums.square / sums.variance;
  const lag = sums.lagged / sums.square;
  const rho = lag * Math.sqrt(t) > STANDARD_ERRORS ? Math.min(0.9, (lag * t) / (t + 6)) : 0;
  // the first window has no residual
  const raw = rho > 0 ? ratio : beyondChance(ratio, t - 1, sums.variance);
  return Math.max(1, (raw * (1 + rho)) / (1 - rho));
}

/** Index of the smallest φ of the ascending grid that is not below the estimate; the last if all are. */
export function gridIndex(phi: number, grid: readonly number[]): number {
  const index = grid.findIndex((value) => value >= phi * 0.999);
  return index === -1 ? grid.length - 1 : index;
}
