import { describe, expect, it } from 'vitest';
import { planted, touches, type Plant, type Soil } from './plant.ts';
import { seeded } from '../../lib/random.ts';
import type { RecordedMetric } from './recording.ts';
import { sizeOf } from './recording.ts';

const ERRORS: RecordedMetric = { kind: 'counts', key: 'errors', whole: [] };
const LATENCY: RecordedMetric = {
  kind: 'histograms',
  key: 'slow',
  whole: [],
  bounds: [1, 2, 4],
  layout: 'classic',
};

const soil = (metric: RecordedMetric): Soil => ({ metric, errorRate: 0.01, random: seeded(1) });

describe('errors', () => {
  it.each<{ plant: Plant; want: number }>([
    { plant: { kind: 'none' }, want: 10_000 },
    { plant: { kind: 'errorFactor', factor: 2 }, want: 20_000 },
    { plant: { kind: 'errorFactor', factor: 10 }, want: 100_000 },
    { plant: { kind: 'errorShare', share: 0.01 }, want: 19_900 },
    { plant: { kind: 'latencyFactor', factor: 2 }, want: 10_000 },
  ])('come to $want of a million at 1%: $plant', ({ plant, want }) => {
    const [good = 0, bad = 0] = planted([990_000, 10_000], plant, soil(ERRORS));
    expect(good + bad).toBe(1_000_000);
    expect(Math.abs(bad - want)).toBeLessThan(5 * Math.sqrt(want));
  });

  it('are never more than the requests', () => {
    const plant: Plant = { kind: 'errorFactor', factor: 1000 };
    expect(planted([99, 1], plant, soil(ERRORS))).toEqual([0, 100]);
    expect(planted([], plant, soil(ERRORS))).toEqual([0, 0]);
  });
});

describe('latency', () => {
  const slower = (cell: number[], factor: number, metric = LATENCY) =>
    planted(cell, { kind: 'latencyFactor', factor }, soil(metric));

  it('moves each request’s share beyond its bound, and no request away', () => {
    // (1, 2] becomes (1.5, 3]: a third stays
    const moved = slower([0, 300_000, 0, 0], 1.5);
    expect(sizeOf(moved)).toBe(300_000);
    expect((moved[1] ?? 0) / 300_000).toBeCloseTo(1 / 3, 2);
    expect((moved[2] ?? 0) / 300_000).toBeCloseTo(2 / 3, 2);
  });

  it('may move over several bounds, and beyond the last', () => {
    expect(slower([0, 100, 0, 0], 4)).toEqual([0, 0, 0, 100]);
    expect(slower([0, 0, 0, 5], 2)).toEqual([0, 0, 0, 5]);
    const moved = slower([400_000, 0, 0, 0], 4);
    expect(moved.map((count) => Math.round(count / 10_000))).toEqual([10, 10, 20, 0]);
  });

  it('spreads exponential buckets exponentially', () => {
    const moved = slower([0, 300_000, 0, 0], Math.SQRT2, { ...LATENCY, layout: 'native' });
    expect((moved[1] ?? 0) / 300_000).toBeCloseTo(0.5, 2);
  });

  it('is left alone by errors', () => {
    expect(touches({ kind: 'errorShare', share: 1 }, LATENCY)).toBe(false);
    expect(planted([1, 2, 3, 4], { kind: 'errorShare', share: 1 }, soil(LATENCY))).toEqual([1, 2, 3, 4]);
  });
});
