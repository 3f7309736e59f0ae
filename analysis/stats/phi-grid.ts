/** Processes are kept for each of these φ (steps of √2 where it matters), because the estimate moves while evidence accumulates. */
export const PHI_GRID: readonly number[] = [1, 1.4, 2, 2.8, 4, 6, 10, 18, 32];

/** The same where several comparisons share one status; each of these is on the finer grid. */
export const COARSE_PHI_GRID: readonly number[] = [1, 2, 4, 10, 32];
