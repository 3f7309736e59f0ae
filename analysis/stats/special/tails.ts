/** Both tails of a distribution as natural logarithms, so that neither is lost when the other is close to 1. */
export interface LogTails {
  lower: number;
  upper: number;
}

/** ln(1 − e^a) for a ≤ 0, accurate at both ends (Mächler 2012). */
export function logOneMinusExp(a: number): number {
  if (a >= 0) return -Infinity;
  return a > -Math.LN2 ? Math.log(-Math.expm1(a)) : Math.log1p(-Math.exp(a));
}

export function fromLower(lower: number): LogTails {
  return { lower, upper: logOneMinusExp(lower) };
}

export function fromUpper(upper: number): LogTails {
  return { lower: logOneMinusExp(upper), upper };
}

/** Lentz's evaluation of b(0) + a(1)/(b(1) + a(2)/(b(2) + …)); `term` gives [a, b] of each level (a of level 0 is unused). */
export function continuedFraction(term: (level: number) => readonly [a: number, b: number]): number {
  let value = nonzero(term(0)[1]);
  let c = value;
  let d = 0;
  for (let level = 1; level < MOST_TERMS; level++) {
    const [a, b] = term(level);
    d = 1 / nonzero(b + a * d);
    c = nonzero(b + a / c);
    const factor = c * d;
    value *= factor;
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return value;
}

export const PRECISION = 1.2e-16;
/** The number of terms needed grows with the square root of the parameters; this is enough for 1e12. */
export const MOST_TERMS = 20_000_000;

function nonzero(value: number): number {
  return Math.abs(value) < 1e-290 ? 1e-290 : value;
}
