import { rankSum } from './ranks.ts';

/** Mean of the canary over mean of stable; `undefined` where either mean is 0 or they are too large to divide. */
export function meanRatio(canary: readonly number[], stable: readonly number[]): number | undefined {
  const above = mean(canary);
  const below = mean(stable);
  const ratio = above / below;
  return above === 0 || !Number.isFinite(ratio) ? undefined : ratio;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Common language effect size (McGraw & Wong 1992): the probability that a value of the canary is larger than one of stable,
 * ties counting half. ½ = no effect. Both arms must have values.
 */
export function commonLanguageEffect(canary: readonly number[], stable: readonly number[]): number {
  const n = canary.length;
  const m = stable.length;
  return (2 * rankSum(canary, stable).sum - n * (n + 1)) / (2 * n * m);
}
