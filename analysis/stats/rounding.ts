/**
 * Four decimals keep the status small. For logarithms, the rounding errors of an hour of windows stay below a thousandth
 * of the evidence; for counts, below a tenth of a request. Never returns -0, which JSON cannot hold.
 */
export function fourDecimals(value: number): number {
  return Math.abs(value) > 1e9 ? value : Math.round(value * 1e4) / 1e4 + 0;
}
