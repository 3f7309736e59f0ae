/** Ranks of the canary's values in the pooled sample, average ranks for ties. */
export interface RankSum {
  /** sum of the canary's ranks, 1 = smallest */
  sum: number;
  /** Σ(t³ − t) over groups of t tied values */
  ties: number;
}

/** Cost: O((n + m) log(n + m)). Values must not be NaN. */
export function rankSum(canary: readonly number[], stable: readonly number[]): RankSum {
  const pooled = [
    ...canary.map((value) => ({ value, isCanary: true })),
    ...stable.map((value) => ({ value, isCanary: false })),
  ].sort((a, b) => a.value - b.value);
  let sum = 0;
  let ties = 0;
  for (let start = 0; start < pooled.length;) {
    let end = start;
    let members = 0;
    for (; end < pooled.length && pooled[end]?.value === pooled[start]?.value; end++) {
      if (pooled[end]?.isCanary === true) members++;
    }
    const size = end - start;
    sum += (members * (start + 1 + end)) / 2;
    ties += size ** 3 - size;
    start = end;
  }
  return { sum, ties };
}

/** Variance of the rank sum if both arms are alike, corrected for ties. */
export function rankVariance(n: number, m: number, ties: number): number {
  const all = n + m;
  if (ties === all ** 3 - all) return 0;
  return ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
}
