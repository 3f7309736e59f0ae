import { PHI_GRID } from './phi-grid.ts';

/**
 * The root L of (φ−D1)/D1 · D0/(φ−D0) = g with D1 = e^L, D0 = e^(−rL), which gives the best negative-binomial bet on a
 * ratio `g` at exposure ratio `r`. The left side falls in L. Any L between the ends gives a valid bet (n1·λ·κ1 + n0·κ0 =
 * 0 holds identically).
 */
export function bestRoot(g: number, r: number, phi: number): number {
  return tabled(g, r, phi) ?? solved(g, r, phi);
}

/**
 * A Halley step triples the correct digits: one that moves less than this part of the way to either end is exact within
 * rounding.
 */
const CLOSE = 1e-5;

/** Halley steps on the logarithm of the equation, kept inside a bracket that shrinks. */
function solved(g: number, r: number, phi: number): number {
  const top = Math.log(phi);
  const bottom = g > 1 ? Math.max(-top / r, -700) : 0;
  const end = g > 1 ? 0 : top;
  // The solution for Poisson is a good start.
  const start = (-(phi - 1) * (g - 1)) / (g * r + 1);
  let low = bottom;
  let high = end;
  let at = start > low && start < high ? start : (low + high) / 2;
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
    if (Math.abs(step - at) <= CLOSE * Math.min(end - at, at - bottom)) return step;
    at = step > low && step < high ? step : (low + high) / 2;
  }
  return at;
}

/** Steps per unit of ln r: cubics through four of them are right to eleven digits or more. */
const STEPS = 256;
/** |ln r| that the tables reach; exposure ratios below 1:148 are rare and would need finer tables */
const REACH = 5;

/**
 * Roots at the φ of the grid, for each bet, computed when first needed: solving each of them again would take half of all
 * the time.
 */
const tables = new Map(PHI_GRID.map((phi) => [phi, new Map<number, Float64Array>()]));

/** The root, interpolated from those of the table at the next four exposure ratios; `undefined` where there is no table. */
function tabled(g: number, r: number, phi: number): number | undefined {
  const ofPhi = tables.get(phi);
  if (ofPhi === undefined) return undefined;
  const where = (Math.log(r) + REACH) * STEPS;
  if (!(where >= 1 && where < 2 * REACH * STEPS - 2)) return undefined;
  let table = ofPhi.get(g);
  if (table === undefined) ofPhi.set(g, (table = new Float64Array(2 * REACH * STEPS)));
  const i = Math.floor(where);
  const a = rootAt(table, i - 1, g, phi);
  const b = rootAt(table, i, g, phi);
  const c = rootAt(table, i + 1, g, phi);
  const d = rootAt(table, i + 2, g, phi);
  // Lagrange's cubic on −1, 0, 1, 2.
  const t = where - i;
  const u = t + 1;
  const v = t - 1;
  const w = t - 2;
  return (-a * t * v * w + d * u * t * v) / 6 + (b * u * v * w - c * u * t * w) / 2;
}

/** A root is never 0, so 0 marks one that is not yet known. */
function rootAt(table: Float64Array, i: number, g: number, phi: number): number {
  const known = table[i] ?? 0;
  return known !== 0 ? known : (table[i] = solved(g, Math.exp(i / STEPS - REACH), phi));
}
