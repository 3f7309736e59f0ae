/**
 * Four decimals keep the status small. Of logarithms, rounding errors of an hour of windows stay below a thousandth of the
 * evidence; of counts, below a tenth of a request. Never -0, which JSON does not know.
 */
export function fourDecimals(value: number): number {
  return Math.abs(value) > 1e9 ? value : Math.round(value * 1e4) / 1e4 + 0;
}
