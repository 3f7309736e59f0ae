/**
 * The e-Benjamini–Hochberg procedure: which of K null hypotheses to reject, so that the expected share of true ones
 * among the rejected (the false discovery rate) is at most `alpha`, however the e-values depend on each other. Rejects
 * the k largest e-values, for the largest k whose k-th largest e-value is at least K / (alpha × k).
 *
 * Wang and Ramdas: False discovery rate control with e-values. JRSS B 84 (2022), 822–852.
 *
 * @param logs ln of one e-value per hypothesis (mean at most 1 if the hypothesis is true); -Infinity for 0
 * @param alpha the bound on the false discovery rate, between 0 and 1
 * @returns the indexes of the rejected hypotheses, ascending
 * @throws RangeError for another `alpha`, and for a NaN among the logs
 */
export function eBenjaminiHochberg(logs: readonly number[], alpha: number): number[] {
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`alpha: ${alpha} is not between 0 and 1; give a rate such as 0.05`);
  const wrong = logs.findIndex(Number.isNaN);
  if (wrong !== -1)
    throw new RangeError(`logs[${wrong}]: NaN is not the logarithm of an e-value; leave it out`);
  const largestFirst = [...logs.keys()].sort((a, b) => order(logs[a] ?? -Infinity, logs[b] ?? -Infinity));
  const bar = (k: number): number => Math.log(logs.length / (alpha * k));
  const last = largestFirst.findLastIndex((index, i) => (logs[index] ?? -Infinity) >= bar(i + 1));
  return largestFirst.slice(0, last + 1).sort((a, b) => a - b);
}

/** Infinities have no difference. */
const order = (a: number, b: number): number => (a === b ? 0 : b > a ? 1 : -1);
