import { describe, expect, test } from 'vitest';
import type { AnyFamilyId } from './families.ts';
import { ALL_FAMILIES, FAMILIES } from './families.ts';
import { randomOf } from './random.ts';
import { PLAIN } from './errors.ts';
import { canaryTraffic, stableTraffic, sum } from './traffic.ts';

const REQUESTS = 600;

/** Probabilities of an error, minute by minute, of many pods. */
function pods(id: AnyFamilyId, effect = 1): Float64Array[] {
  const shape = { minutes: 200, requests: REQUESTS, rate: 0.01, effect };
  return Array.from({ length: 400 }, (_, pod) => ALL_FAMILIES[id].pod(randomOf(id, pod), shape));
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('every family has the error rate it is asked for', () => {
  test.each(Object.keys(ALL_FAMILIES) as AnyFamilyId[])('%s', (id) => {
    for (const effect of [1, 2]) {
      const rate = average(pods(id, effect).flatMap((chances) => [...chances]));
      expect(rate / (0.01 * effect)).toBeGreaterThan(0.95);
      expect(rate / (0.01 * effect)).toBeLessThan(1.05);
    }
  });
});

describe('the variance of a minute is φ times that of independent requests', () => {
  test.each([
    ['bb3', 3],
    ['bb10', 10],
    ['nb5', 5],
    ['ar3', 3],
    ['ar9', 5],
  ] as const)('%s', (id, phi) => {
    const minutes = pods(id).flatMap((chances) => [...chances]);
    const mean = average(minutes);
    const variance = average(minutes.map((chance) => (chance - mean) ** 2));
    // independent requests, in addition to the moving probability
    const dispersion = 1 + (REQUESTS * variance) / mean;
    expect(dispersion / phi).toBeGreaterThan(0.9);
    expect(dispersion / phi).toBeLessThan(1.1);
  });
});

describe('a wandering rate follows itself from minute to minute', () => {
  test.each([
    ['ar3', 0.7],
    ['ar5', 0.5],
    ['ar9', 0.9],
    ['bb3', 0],
  ] as const)('%s', (id, rho) => {
    const lists = pods(id).map((chances) => [...chances].map(Math.log));
    const mean = average(lists.flat());
    const variance = average(lists.flat().map((value) => (value - mean) ** 2));
    const lagged = average(
      lists.flatMap((list) => list.slice(1).map((value, i) => (value - mean) * (list[i]! - mean))),
    );
    expect(lagged / variance).toBeCloseTo(rho, 1);
  });
});

test('bursts take three minutes on average, as often and as high as their name says', () => {
  const minutes = pods('mmpp').map((chances) => [...chances]);
  const calm = Math.min(...minutes.flat());
  expect(Math.max(...minutes.flat()) / calm).toBeCloseTo(10, 9);
  const busy = average(minutes.flat().map((chance) => (chance > calm * 2 ? 1 : 0)));
  expect(busy).toBeCloseTo(0.06 / 1.06, 2);
});

describe('the traffic of a release', () => {
  const service = { ...PLAIN, family: FAMILIES.shared };

  test('stable is the same whatever the canary does, and a worse canary has more errors', () => {
    const bad = (effect: number): number =>
      sum(canaryTraffic(service, ['t', 1], effect).flatMap((pods) => Object.values(pods))).bad;
    expect(stableTraffic(service, ['t', 1])).toEqual(stableTraffic(service, ['t', 1]));
    expect(bad(10) / bad(1)).toBeGreaterThan(8);
  });

  test('has an hour of history and an hour of windows, pod by pod', () => {
    const { history, live } = stableTraffic({ ...service, tickSeconds: 15 }, ['t', 2]);
    expect(history.stable).toHaveLength(240);
    expect(Object.values(history.pods).map((list) => list.length)).toEqual(new Array<number>(19).fill(240));
    expect(live).toHaveLength(240);
    expect(history.stable[17]).toEqual(sum(Object.values(history.pods).map((list) => list[17]!)));
  });

  test('shared incidents hit both arms in the same minutes', () => {
    const { live } = stableTraffic(service, ['t', 3]);
    const stable = live.map((pods) => sum(Object.values(pods)).bad);
    const canary = canaryTraffic(service, ['t', 3], 5).map((pods) => sum(Object.values(pods)).bad);
    const at = (list: readonly number[]): number[] => list.map((value) => value - average(list));
    const [a, b] = [at(stable), at(canary)];
    const product = average(a.map((value, i) => value * b[i]!));
    const spread = Math.sqrt(average(a.map((v) => v * v)) * average(b.map((v) => v * v)));
    expect(product / spread).toBeGreaterThan(0.8);
  });
});

describe('worse neighbours', () => {
  test.each(['ar6', 'ar95'] as const)('the logarithm of %s varies by .6', (id) => {
    const logs = pods(id).flatMap((chances) => [...chances].map(Math.log));
    const mean = average(logs);
    const variance = average(logs.map((value) => (value - mean) ** 2));
    expect(Math.sqrt(variance)).toBeCloseTo(0.6, 1);
  });

  test('long bursts are as often and as long as their name says', () => {
    const minutes = pods('burst20').map((chances) => [...chances]);
    const calm = Math.min(...minutes.flat());
    const busy = average(minutes.flat().map((chance) => (chance > calm * 2 ? 1 : 0)));
    expect(busy).toBeCloseTo(0.025 / 1.025, 2);
  });
});
