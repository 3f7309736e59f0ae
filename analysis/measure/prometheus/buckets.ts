import type { Histogram } from '../../../api/analysis.ts';

/** Arithmetic with histograms whose buckets need not be the same: all are converted to bounds that all of them know. */

/** `counts[i]` lie in (bounds[i−1], bounds[i]], the last above all bounds; of a difference they may be negative. */
export interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/**
 * How far a histogram is known between its bounds. `dense` (classic): not at all. `sparse` (native): a bucket without counts is
 * empty, so it may be cut anywhere; empty buckets are not even listed.
 */
export type Form = 'dense' | 'sparse';

/** The bounds at which every one of these histograms can be cut without guessing. */
export function commonBounds(all: readonly Buckets[], form: Form): readonly number[] {
  const [first, ...others] = new Set(all.map(({ bounds }) => bounds));
  if (first === undefined) return [];
  if (form === 'dense') return others.reduce(intersection, first);
  if (others.length === 0) return first;
  const bounds = [...new Set([first, ...others].flat())].sort((a, b) => a - b);
  const known = new Array<boolean>(bounds.length).fill(true);
  for (const each of all) forgetInside(each, bounds, known);
  return bounds.filter((_, i) => known[i]);
}

function intersection(some: readonly number[], others: readonly number[]): readonly number[] {
  const wanted = new Set(others);
  return some.every((bound) => wanted.has(bound)) ? some : some.filter((bound) => wanted.has(bound));
}

/** Marks the bounds that lie inside a filled bucket as unknown. */
function forgetInside({ bounds: own, counts }: Buckets, bounds: readonly number[], known: boolean[]): void {
  let at = 0;
  counts.forEach((count, i) => {
    const right = own[i] ?? Infinity;
    for (; at < bounds.length && (bounds[at] ?? Infinity) < right; at++) {
      if (count !== 0 && (bounds[at] ?? 0) > (own[i - 1] ?? 0)) known[at] = false;
    }
  });
}

/** The counts between these bounds, of which each must be known to the histogram. */
export function project({ bounds: own, counts }: Buckets, bounds: readonly number[]): readonly number[] {
  if (own === bounds) return counts;
  const sums = new Array<number>(bounds.length + 1).fill(0);
  let at = 0;
  counts.forEach((count, i) => {
    const right = own[i] ?? Infinity;
    while (at < bounds.length && (bounds[at] ?? Infinity) < right) at++;
    sums[at] = (sums[at] ?? 0) + count;
  });
  return sums;
}

/** `undefined` for no histograms. */
export function sumOf(all: readonly Buckets[], form: Form): Buckets | undefined {
  const [first, ...others] = all;
  if (first === undefined || others.length === 0) return first;
  const bounds = commonBounds(all, form);
  const sums = new Array<number>(bounds.length + 1).fill(0);
  for (const each of all) {
    project(each, bounds).forEach((count, i) => {
      sums[i] = (sums[i] ?? 0) + count;
    });
  }
  return { bounds, counts: sums };
}

export function totalOf({ counts }: Buckets): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Rounding in sums of fractional counts. */
const DUST = 1e-9;

/**
 * What was added between two readings of one cumulative histogram. A fall in any bucket means a restart. If the histogram
 * is `raw`, everything in the new reading was added since then; otherwise (a sum that lost a member) it is not known what
 * is new.
 */
export function added(
  before: Buckets,
  now: Buckets,
  { form, raw }: { form: Form; raw: boolean },
): Buckets | undefined {
  const bounds = commonBounds([before, now], form);
  const old = project(before, bounds);
  const counts = project(now, bounds).map((count, i) => count - (old[i] ?? 0));
  const dust = DUST * Math.max(totalOf(before), totalOf(now));
  if (
    !(form === 'dense' ? fellCumulatively(counts, totalOf(now), dust) : counts.some((count) => count < -dust))
  ) {
    return { bounds, counts };
  }
  return raw ? now : undefined;
}

/**
 * Classic buckets are counters `≤ bound`, of which none may fall. If an exporter does not read them all at the same
 * moment, the difference of two of them may fall by the few requests of that moment. A fall by a good part of `total` is
 * a restart whose new counts are already above the old ones.
 */
function fellCumulatively(counts: readonly number[], total: number, dust: number): boolean {
  let cumulative = 0;
  for (const count of counts) {
    cumulative += count;
    if (cumulative < -dust) return true;
  }
  return deficit(counts) > 1 + 0.05 * total;
}

/** The sum of the negative counts, as a positive number. */
export function deficit(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + Math.max(0, -count), 0);
}

/** No negative counts, and the same total: a bucket with a negative count gets the missing requests from the next ones. */
export function settled({ bounds, counts }: Buckets): Buckets {
  if (counts.every((count) => count >= 0)) return { bounds, counts };
  const total = Math.max(0, totalOf({ bounds, counts }));
  let cumulative = 0;
  let reached = 0;
  const whole = counts.map((count, i) => {
    cumulative += count;
    const now = i === counts.length - 1 ? total : Math.min(total, Math.max(reached, cumulative));
    const share = now - reached;
    reached = now;
    return share;
  });
  return { bounds, counts: whole };
}

/** Without the bounds between two empty buckets. */
export function compacted({ bounds, counts }: Buckets): Buckets {
  const kept = bounds.filter((_, i) => counts[i] !== 0 || counts[i + 1] !== 0);
  return kept.length === bounds.length
    ? { bounds, counts }
    : { bounds: kept, counts: project({ bounds, counts }, kept) };
}

export function toHistogram({ bounds, counts }: Buckets, layout: Histogram['layout']): Histogram {
  return { bounds: [...bounds], counts: [...counts], layout };
}
