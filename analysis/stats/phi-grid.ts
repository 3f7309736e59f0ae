/** Processes are kept for each of these φ (steps of √2 where it matters), because the estimate moves while evidence accumulates. */
export const PHI_GRID: readonly number[] = [1, 1.4, 2, 2.8, 4, 6, 10, 18, 32];
