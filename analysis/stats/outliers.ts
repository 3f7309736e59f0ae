import type { PodHistory } from './placebo-table.ts';

/** A pod is out of line if it has more than this many times the errors its share of requests allows. */
const OUT_OF_LINE = 2.5;
/** Added to both counts, so that a few errors of a quiet service say nothing. */
const PSEUDO_COUNT = 10;
/** One pod of this many may be left out. */
const ONE_OF = 10;
const FEWEST_PODS = 8;

/**
 * Indexes of the stable pods that were out of line in both halves of the history: a broken node, a pod without its cache.
 * They do not say how a healthy pod varies; a burst does, so a pod that was out of line for a while is kept. At most a
 * tenth of the pods (but one of 8 or 9), the worst first.
 */
export function persistentOutliers(pods: readonly PodHistory[]): Set<number> {
  if (pods.length < FEWEST_PODS) return new Set();
  const windows = Math.max(0, ...pods.map(({ n }) => n.length));
  const half = Math.floor(windows / 2);
  const first = factors(pods, 0, half);
  const second = factors(pods, half, windows);
  return new Set(
    first
      .map((factor, index) => ({ index, factor: Math.min(factor, second[index] ?? 0) }))
      .filter(({ factor }) => factor > OUT_OF_LINE)
      .sort((a, b) => b.factor - a.factor)
      .slice(0, Math.max(1, Math.floor(pods.length / ONE_OF)))
      .map(({ index }) => index),
  );
}

/** Errors of each pod over what the error rate of the other pods allows. */
function factors(pods: readonly PodHistory[], from: number, to: number): number[] {
  const sums = pods.map(({ n, x }) => ({ n: sum(n.slice(from, to)), x: sum(x.slice(from, to)) }));
  const all = { n: sum(sums.map(({ n }) => n)), x: sum(sums.map(({ x }) => x)) };
  return sums.map(({ n, x }) => {
    const expected = all.n > n ? ((all.x - x) * n) / (all.n - n) : x;
    return (x + PSEUDO_COUNT) / (expected + PSEUDO_COUNT);
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
