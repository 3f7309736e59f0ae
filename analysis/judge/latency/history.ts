import type { Counts, History, LatencyHistory } from '../../../api/analysis.ts';
import type { Buckets } from '../../stats/histogram.ts';
import { above, decay, NO_BUCKETS, quantile, total, weightedSum } from '../../stats/histogram.ts';

/**
 * What history would have counted: for each quantile, the requests slower than its value until then; and the histogram at
 * the end.
 */
export function exceedances(
  history: LatencyHistory,
  quantiles: readonly number[],
  seconds: number,
): { last: Buckets; histories: History[] } {
  const pods = Object.entries(history.pods ?? {});
  const kept = decay(seconds);
  const counted = quantiles.map(() => ({ stable: [] as Counts[], pods: pods.map(() => [] as Counts[]) }));
  let last: Buckets = NO_BUCKETS;
  for (const [t, counts] of history.stable.entries()) {
    const window = windowOf(history, counts);
    const podWindows = pods.map(([, list]) => windowOf(history, list[t] ?? []));
    const limits = quantiles.map((q) => quantile(last, q));
    const stable = slower(window, limits);
    const each = podWindows.map((pod) => slower(pod, limits));
    for (const [i, list] of counted.entries()) {
      list.stable.push(stable[i] ?? NONE);
      for (const [j, pod] of list.pods.entries()) pod.push(each[j]?.[i] ?? NONE);
    }
    last = weightedSum(last, kept, window);
  }
  const histories = counted.map(({ stable, pods: lists }): History =>
    history.pods === undefined
      ? { stable }
      : { stable, pods: Object.fromEntries(pods.map(([pod], j) => [pod, lists[j] ?? []])) },
  );
  return { last, histories };
}

function windowOf({ layout, bounds }: LatencyHistory, counts: readonly number[]): Buckets {
  return {
    layout,
    bounds,
    counts: counts.length === bounds.length + 1 ? counts : [...bounds.map(() => 0), 0],
  };
}

const NONE: Counts = { total: 0, bad: 0 };

/** Counts for each limit; unknown for a window before which stable had no requests. */
function slower(window: Buckets, limits: readonly (number | undefined)[]): Counts[] {
  const all = total(window);
  return limits.map((limit) => (limit === undefined ? NONE : { total: all, bad: above(window, limit) }));
}
