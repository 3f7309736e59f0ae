import { logBetaTails } from './beta.ts';
import { logGammaTails } from './gamma.ts';
import type { LogTails } from './tails.ts';

/** Student's t with `df` > 0 degrees of freedom (not necessarily whole): ln P(T ≤ t) and ln P(T ≥ t). */
export function logStudentTails(t: number, df: number): LogTails {
  if (!(df > 0 && df < Infinity)) throw new RangeError(`Student's t needs df > 0, not ${df}`);
  if (Number.isNaN(t)) throw new RangeError("Student's t needs a number, not NaN");
  const ratio = (t / df) * t;
  const { lower: outside, upper: inside } =
    ratio === Infinity
      ? { lower: -Infinity, upper: 0 }
      : logBetaTails(df / 2, 0.5, 1 / (1 + ratio), ratio / (1 + ratio));
  const far = outside - Math.LN2;
  const near = Math.log1p(Math.exp(inside)) - Math.LN2;
  return t < 0 ? { lower: far, upper: near } : { lower: near, upper: far };
}

/** χ² with `df` > 0 degrees of freedom: ln P(X ≤ x) and ln P(X ≥ x), for x ≥ 0. */
export function logChiSquareTails(x: number, df: number): LogTails {
  if (!(df > 0 && df < Infinity)) throw new RangeError(`χ² needs df > 0, not ${df}`);
  return logGammaTails(df / 2, x / 2);
}
