import { describe, expect, test } from 'vitest';
import type { Buckets } from './histogram.ts';
import { above } from './histogram.ts';
import { canaryLimit, slowLimits, slowStable } from './slow.ts';
import { logNormalTails } from './special/normal.ts';

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const FACTOR = 1.1;

type Below = (seconds: number) => number;

const logNormal =
  (median: number, sigma: number): Below =>
  (t) =>
    Math.exp(logNormalTails(Math.log(t / median) / sigma).lower);
const exponential =
  (median: number): Below =>
  (t) =>
    -Math.expm1((-Math.LN2 * t) / median);
const logLogistic =
  (median: number): Below =>
  (t) =>
    1 / (1 + (t / median) ** -3);
const weibull =
  (median: number): Below =>
  (t) =>
    -Math.expm1(-Math.LN2 * Math.sqrt(t / median));
/** Fast hits, and one slow miss in twenty. */
const bimodal = (median: number): Below => {
  const [hits, misses] = [logNormal(median, 0.3), logNormal(median * 40, 0.3)];
  return (t) => 0.95 * hits(t) + 0.05 * misses(t);
};

const REQUESTS = 1e6;

function histogramOf(below: Below, bounds: readonly number[] = BOUNDS): Buckets {
  const upTo = [...bounds.map((bound) => REQUESTS * below(bound)), REQUESTS];
  return { layout: 'classic', bounds, counts: upTo.map((count, i) => count - (upTo[i - 1] ?? 0)) };
}

/** Slow requests of both arms if the canary takes `FACTOR` times as long. */
function onTheMargin(below: Below, limit: number): { canary: number; stable: number } {
  const stable = histogramOf(below);
  const slow = slowLimits(stable, limit, FACTOR);
  const canary = histogramOf((t) => below(t / FACTOR));
  return { canary: above(canary, slow.canary), stable: slowStable(stable, slow) };
}

const MEDIANS = Array.from({ length: 40 }, (_, i) => 0.02 * 10 ** (i / 40));

describe('classic buckets', () => {
  test('exactly on the margin a lognormal canary and stable have equally many slow requests', () => {
    for (const limit of [0.07, 0.15, 0.4]) {
      const { canary, stable } = onTheMargin(logNormal(0.08, 0.8), limit);
      expect(stable / canary).toBeCloseTo(1, 6);
    }
  });

  test.each([
    { name: 'exponential', family: exponential },
    { name: 'Weibull', family: weibull },
    { name: 'narrow lognormal', family: (median: number) => logNormal(median, 0.1) },
    { name: 'bimodal', family: bimodal },
    { name: 'log-logistic', family: logLogistic },
  ])('a canary on the margin has no more of them, whatever its median: $name', ({ family }) => {
    for (const median of MEDIANS) {
      for (const times of [1, 2, 4]) {
        const { canary, stable } = onTheMargin(family(median), times * median);
        expect(stable).toBeGreaterThanOrEqual(0.98 * canary);
      }
    }
  });

  test('a much slower canary still has many more of them', () => {
    const below = logNormal(0.08, 0.8);
    const stable = histogramOf(below);
    const canary = histogramOf((t) => below(t / 1.5));
    for (const limit of [0.08, 0.3, 0.5]) {
      const slow = slowLimits(stable, limit, FACTOR);
      expect(above(canary, slow.canary) / slowStable(stable, slow)).toBeGreaterThan(1.3);
    }
  });

  test('where the buckets say nothing of where the requests lie, all of the bucket may be slow', () => {
    const first: Buckets = { layout: 'classic', bounds: [0.1, 0.2], counts: [50, 30, 20] };
    expect(slowStable(first, slowLimits(first, 0.05, FACTOR))).toBe(100);
    const last: Buckets = { layout: 'classic', bounds: [0.1, 0.2, 0.4], counts: [50, 50, 0, 0] };
    expect(slowStable(last, slowLimits(last, 0.12, FACTOR))).toBe(50);
  });

  test('the canary is counted at the next bound, above all bounds at the largest', () => {
    const stable = histogramOf(logNormal(0.08, 0.8));
    expect(canaryLimit(stable, 0.08, FACTOR)).toBe(0.1);
    expect(canaryLimit(stable, 0.095, FACTOR)).toBe(0.25);
    expect(canaryLimit(stable, 10, FACTOR)).toBe(10);
  });
});

test('native buckets interpolate both arms', () => {
  const bounds = Array.from({ length: 60 }, (_, i) => 2 ** ((i - 48) / 8));
  const stable: Buckets = { ...histogramOf(logNormal(0.08, 0.8), bounds), layout: 'native' };
  const slow = slowLimits(stable, 0.08, FACTOR);
  expect(slow.canary).toBeCloseTo(0.088, 12);
  expect(slowStable(stable, slow)).toBe(above(stable, slow.stable));
});
