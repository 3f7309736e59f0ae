/** Building blocks that keep relative accuracy where differences of ln Γ would lose it (Loader 2000). */

const HALF_LOG_TWO_PI = 0.918938533204672742;
/** Coefficients of 1/x, 1/x³, 1/x⁵ … of the Stirling series. */
const SERIES = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];
const SERIES_FROM = 10;

/** ln Γ(x + 1) − [(x + ½) ln x − x + ½ ln 2π], the error of Stirling's formula, for x > 0. */
export function stirlingError(x: number): number {
  let shifted = x;
  let error = 0;
  for (; shifted < SERIES_FROM; shifted++) error += (shifted + 0.5) * Math.log1p(1 / shifted) - 1;
  const square = shifted * shifted;
  let sum = 0;
  for (let i = SERIES.length - 1; i >= 0; i--) sum = sum / square + (SERIES[i] ?? 0);
  return error + sum / shifted;
}

/**
 * Deviance x·ln(x/mean) + mean − x ≥ 0 for x, mean > 0, given `difference` = mean − x, which the caller often knows more
 * exactly than a subtraction would.
 */
export function deviance(x: number, mean: number, difference: number): number {
  const u = difference / x;
  if (Math.abs(u) > 0.4) return x * (u - Math.log(mean / x));
  // u − ln(1+u) by v = u/(2+u), where ln(1+u) = 2(v + v³/3 + v⁵/5 …) and u − 2v = u·v
  const v = u / (2 + u);
  const square = v * v;
  let power = v * square;
  let sum = 0;
  for (let n = 3; Math.abs(power) > 1e-18 * Math.abs(v * u * n); n += 2) {
    sum += power / n;
    power *= square;
  }
  return x * (u * v - 2 * sum);
}

/** ½ ln(2π·x). */
export function halfLogTwoPi(x: number): number {
  return HALF_LOG_TWO_PI + 0.5 * Math.log(x);
}
