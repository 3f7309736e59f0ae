/** The quantile `p` of sorted values by linear interpolation (R's type 7). */
export function linearQuantile(sorted: readonly number[], p: number): number {
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  const low = sorted[below] ?? NaN;
  const high = sorted[below + 1] ?? low;
  return low + (at - below) * (high - low);
}

/**
 * The values that are not outliers, in their order: those within `factor` interquartile ranges of the quartiles, and at
 * least the middle 98% (Kayenta's reduced sensitivity). Values on the limits are kept.
 */
export function withoutOutliers(values: readonly number[], factor: number): number[] {
  if (values.length === 0) return [];
  const sorted = values.toSorted((a, b) => a - b);
  const lowQuartile = linearQuantile(sorted, 0.25);
  const highQuartile = linearQuantile(sorted, 0.75);
  const reach = factor * (highQuartile - lowQuartile);
  const low = Math.min(linearQuantile(sorted, 0.01), lowQuartile - reach);
  const high = Math.max(linearQuantile(sorted, 0.99), highQuartile + reach);
  return values.filter((value) => value >= low && value <= high);
}
