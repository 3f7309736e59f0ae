import type { Random } from '../../lib/random.ts';
import { binomial } from './random.ts';
import type { Cell, RecordedMetric } from './recording.ts';

/** A regression that is planted into the canary's numbers; none: a healthy version. */
export type Plant =
  | { kind: 'none' }
  /** the error rate is stable's times this factor */
  | { kind: 'errorFactor'; factor: number }
  /** in addition, this share of all requests fails */
  | { kind: 'errorShare'; share: number }
  /** every request takes this many times as long */
  | { kind: 'latencyFactor'; factor: number };

/** Does the plant show in this metric at all? */
export function touches(plant: Plant, { kind }: Pick<RecordedMetric, 'kind'>): boolean {
  return plant.kind === 'latencyFactor' ? kind === 'histograms' : plant.kind !== 'none' && kind === 'counts';
}

export interface Soil {
  metric: RecordedMetric;
  /** stable's error rate around that time, 0…1 */
  errorRate: number;
  random: Random;
}

/** The canary's cell with the plant in it. */
export function planted(cell: Cell, plant: Plant, { metric, errorRate, random }: Soil): Cell {
  if (!touches(plant, metric)) return cell;
  switch (plant.kind) {
    case 'none':
      return cell;
    case 'errorFactor':
      return failing(cell, ((plant.factor - 1) * errorRate) / Math.max(1e-12, 1 - errorRate), random);
    case 'errorShare':
      return failing(cell, plant.share, random);
    case 'latencyFactor':
      return metric.kind === 'histograms' ? slowed(cell, plant.factor, { ...metric, random }) : cell;
  }
}

function failing([good = 0, bad = 0]: Cell, share: number, random: Random): Cell {
  const more = Math.min(good, binomial(good, share, random));
  return [good - more, bad + more];
}

interface Buckets {
  bounds: readonly number[];
  layout: 'classic' | 'native';
  random: Random;
}

/** Each bucket's requests, spread over it as the judge spreads them, take `factor` times as long. */
function slowed(cell: Cell, factor: number, { bounds, layout, random }: Buckets): Cell {
  const moved = new Array<number>(bounds.length + 1).fill(0);
  cell.forEach((count, i) => {
    const low = (bounds[i - 1] ?? 0) * factor;
    const high = (bounds[i] ?? Infinity) * factor;
    let left = count;
    let from = low;
    for (let j = i; j < moved.length && left > 0; j++) {
      const bound = bounds[j] ?? Infinity;
      if (bound <= from) continue;
      const share = bound >= high || high === Infinity ? 1 : shareBelow(bound, { from, high }, layout);
      const here = share >= 1 ? left : binomial(left, share, random);
      moved[j] = (moved[j] ?? 0) + here;
      left = Math.max(0, left - here);
      from = Math.max(from, bound);
    }
  });
  return moved;
}

function shareBelow(
  bound: number,
  { from, high }: { from: number; high: number },
  layout: Buckets['layout'],
): number {
  if (layout === 'native' && from > 0) return Math.log(bound / from) / Math.log(high / from);
  return (bound - from) / (high - from);
}
