/** Six decimals of a running sum are plenty and keep the status small; what is larger than 1e9 has no digits to lose. */
export function sixDecimals(value: number): number {
  return Math.abs(value) > 1e9 ? value : Math.round(value * 1e6) / 1e6;
}
