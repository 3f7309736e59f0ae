export interface BackoffOptions {
  minMs: number;
  maxMs: number;
  /** uniform in [0, 1) */
  random: () => number;
}

/** Delay before attempt `failures + 1`: doubles from minMs to maxMs, of which the upper half is random. */
export function backoffMs(failures: number, options: BackoffOptions): number {
  const full = Math.min(options.maxMs, options.minMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return full / 2 + (full / 2) * options.random();
}
