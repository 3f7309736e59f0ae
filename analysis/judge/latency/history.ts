import type { Counts, History, LatencyHistory } from '../../../api/analysis.ts';
import type { Buckets } from '../../stats/histogram.ts';
import { decay, NO_BUCKETS, quantile, total, weightedSum } from '../../stats/histogram.ts';
import type { SlowLimits } from '../../stats/slow.ts';
import { slowLimits, slowStable } from '../../stats/slow.ts';

/**
 * What history would have counted: for each quantile, the requests that were slow by what stable did until then; and the
 * histogram at the end. `factor`: how many times as long the harm margin lets a canary take.
 */
export function exceedances(
  history: LatencyHistory,
  { quantiles, factor, seconds }: { quantiles: readonly number[]; factor: number; seconds: number },
): { last: Buckets; histories: History[] } {
  const pods = Object.entries(history.pods ?? {});
  const kept = decay(seconds);
  const counted = quantiles.map(() => ({ stable: [] as Counts[], pods: pods.map(() => [] as Counts[]) }));
  let last: Buckets = NO_BUCKETS;
  for (const [t, counts] of history.stable.entries()) {
    const window = windowOf(history, counts);
    const podWindows = pods.map(([, list]) => windowOf(history, list[t] ?? []));
    const limits = quantiles.map((q) => {
      const limit = quantile(last, q);
      return limit === undefined ? undefined : slowLimits(last, limit, factor);
    });
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
function slower(window: Buckets, limits: readonly (SlowLimits | undefined)[]): Counts[] {
  const all = total(window);
  return limits.map((slow) => (slow === undefined ? NONE : { total: all, bad: slowStable(window, slow) }));
}
