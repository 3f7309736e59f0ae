/**
 * Requests by how long they took: `counts[i]` is the number in (bounds[i−1], bounds[i]], for the first bucket from 0.
 * There is one more count than bounds: the last one is of requests above all bounds. Counts may be fractional. Within a
 * bucket, requests are assumed to be spread evenly (classic), or evenly on a logarithmic scale (native, whose bounds grow
 * exponentially).
 */
export interface Buckets {
  /** finite, ascending; of a native histogram those of its filled buckets and their lower neighbours */
  bounds: readonly number[];
  counts: readonly number[];
  layout: 'classic' | 'native';
}

export const NO_BUCKETS: Buckets = { bounds: [], counts: [0], layout: 'classic' };

/** Are bounds and counts what they have to be? */
export function isBuckets(buckets: Buckets): boolean {
  const { bounds, counts } = buckets;
  return (
    Number.isFinite(total(buckets)) &&
    counts.length === bounds.length + 1 &&
    bounds.every((bound, i) => Number.isFinite(bound) && bound > (bounds[i - 1] ?? -Infinity)) &&
    counts.every((count) => Number.isFinite(count) && count >= 0)
  );
}

export function total({ counts }: Buckets): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

/** Where a bucket begins: a first bucket begins at 0, or is a point where even its end is not above 0. */
function lowerEnd(bounds: readonly number[], i: number): number {
  return bounds[i - 1] ?? Math.min(0, bounds[0] ?? 0);
}

/**
 * The time that a share `q` (0…1) of the requests did not exceed. If it lies above all bounds, the largest bound;
 * `undefined` for an empty histogram, or one without bounds.
 */
export function quantile(buckets: Buckets, q: number): number | undefined {
  const { bounds, counts, layout } = buckets;
  const all = total(buckets);
  if (all <= 0) return undefined;
  let before = 0;
  for (const [i, upper] of bounds.entries()) {
    const count = counts[i] ?? 0;
    if (count > 0 && before + count >= q * all) {
      const share = Math.min(1, Math.max(0, (q * all - before) / count));
      const lower = lowerEnd(bounds, i);
      return isExponential(layout, lower, upper)
        ? Math.min(upper, lower * Math.exp(share * (Math.log(upper) - Math.log(lower))))
        : lower + (upper - lower) * share;
    }
    before += count;
  }
  return bounds.at(-1);
}

/** In buckets this narrow both interpolations agree, and logarithms lose their digits. */
const NARROW = 1e-6;

function isExponential(layout: Buckets['layout'], lower: number, upper: number): boolean {
  return layout === 'native' && lower > 0 && upper > lower * (1 + NARROW);
}

/** How many requests took longer than `limit`; all requests of the bucket above all bounds count as longer. */
export function above(buckets: Buckets, limit: number): number {
  const { bounds, counts } = buckets;
  let sum = counts[bounds.length] ?? 0;
  for (let i = bounds.length - 1; i >= 0; i--) {
    const upper = bounds[i] ?? 0;
    if (upper <= limit) break;
    const lower = lowerEnd(bounds, i);
    const count = counts[i] ?? 0;
    sum += lower >= limit ? count : count * shareAbove(buckets.layout, { lower, upper, limit });
  }
  return sum;
}

function shareAbove(
  layout: Buckets['layout'],
  { lower, upper, limit }: { lower: number; upper: number; limit: number },
): number {
  return isExponential(layout, lower, upper)
    ? (Math.log(upper) - Math.log(limit)) / (Math.log(upper) - Math.log(lower))
    : (upper - limit) / (upper - lower);
}

/**
 * Can these buckets tell `low` from `high`? Only if a classic bound lies between them; otherwise it is only interpolation
 * that fewer requests exceed `high` than `low`. Above all bounds nothing can be told apart. For native buckets the width
 * counts, because empty ones are not listed: no bucket with requests may be too wide, wherever it lies, or windows would
 * be chosen by their content.
 */
export function resolves({ layout, bounds, counts }: Buckets, low: number, high: number): boolean {
  if (layout === 'classic') {
    return low < (bounds.at(-1) ?? -Infinity) && bounds.some((bound) => bound >= low && bound <= high);
  }
  return counts.every((count, i) => {
    const [lower, upper] = [bounds[i - 1] ?? 0, bounds[i] ?? Infinity];
    const apart = lower <= 0 ? upper <= low : upper === Infinity && lower >= high;
    return count === 0 || apart || upper / lower <= high / low;
  });
}

/**
 * More buckets than these are coarsened by half, and again: enough for quantiles, small enough to be stored. The bounds of native ones
 * are long numbers.
 */
const MOST_BUCKETS = { classic: 64, native: 32 };

/** `weight` times the first and the second together, on the bounds of both. The layout is that of the second. */
export function weightedSum(first: Buckets, weight: number, second: Buckets): Buckets {
  const bounds = union(first.bounds, second.bounds);
  const before = spread(first, bounds);
  const counts = spread(second, bounds).map((count, i) => weight * (before[i] ?? 0) + count);
  return coarsened({ layout: second.layout, bounds, counts });
}

/**
 * The weight that past requests keep after this many seconds: one half after ten minutes. Long enough for a 99th
 * percentile of a quiet service, short enough to follow the load of the day.
 */
export function decay(seconds: number): number {
  return 0.5 ** (seconds / 600);
}

function union(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === b.length && a.every((bound, i) => bound === b[i])) return a;
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

/** The counts on bounds that include the histogram's own. */
function spread(buckets: Buckets, bounds: readonly number[]): readonly number[] {
  if (buckets.bounds.length === bounds.length) return buckets.counts;
  const beyond = [...bounds.map((bound) => above(buckets, bound)), 0];
  const top = buckets.counts.at(-1) ?? 0;
  const all = total(buckets);
  return beyond.map((_, i) =>
    i === bounds.length ? top : Math.max(0, (beyond[i - 1] ?? all) - (beyond[i] ?? 0)),
  );
}

/** Merges pairs of neighbours, from the bottom; the bucket above all bounds stays. */
function coarsened(buckets: Buckets): Buckets {
  const { bounds, counts, layout } = buckets;
  if (bounds.length <= MOST_BUCKETS[layout]) return buckets;
  // The uppermost bound stays as well, or the requests above it would no longer be known.
  const kept = bounds.flatMap((_, i) => (i % 2 === 1 || i === bounds.length - 1 ? [i] : []));
  const merged = kept.map((i, k) => {
    let sum = 0;
    for (let j = (kept[k - 1] ?? -1) + 1; j <= i; j++) sum += counts[j] ?? 0;
    return sum;
  });
  return coarsened({
    layout,
    bounds: kept.map((i) => bounds[i] ?? 0),
    counts: [...merged, counts.at(-1) ?? 0],
  });
}
