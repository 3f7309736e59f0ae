import { describe, expect, test } from 'vitest';
import {
  added,
  aliasTable,
  BOUNDS,
  canaryLatency,
  draw,
  shareBelow,
  slowShares,
  stableLatency,
} from './latency-traffic.ts';
import { randomOf } from './random.ts';

const calm = { layout: 'native', drift: false, bursts: false, lookbackMinutes: 30, minutes: 30 } as const;

/** Share of requests above a bound. */
function above(counts: readonly number[], bounds: readonly number[], limit: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, i) => sum + ((bounds[i] ?? Infinity) > limit ? count : 0), 0) / all;
}

test('the distribution is lognormal with a median of 80 ms, and may be slowed', () => {
  expect(shareBelow(0.08, { factor: 1, stuck: 0 })).toBeCloseTo(0.5, 12);
  expect(shareBelow(0.08 * Math.exp(0.8), { factor: 1, stuck: 0 })).toBeCloseTo(0.8413447, 6);
  expect(shareBelow(0.12, { factor: 1.5, stuck: 0 })).toBeCloseTo(0.5, 12);
  expect(shareBelow(1.4, { factor: 1, stuck: 0.01 })).toBeLessThan(0.99);
  expect(shareBelow(1.58, { factor: 1, stuck: 0.01 })).toBeCloseTo(0.995, 3);
});

test('draws from an alias table fall as often as asked', () => {
  const shares = [0.5, 0.01, 0.19, 0.3];
  const counts = [0, 0, 0, 0];
  draw(counts, aliasTable(shares), 200_000, randomOf('alias'));
  for (const [i, share] of shares.entries()) expect(counts[i]! / 200_000).toBeCloseTo(share, 2);
});

test('slow bursts take a minute and a half, 3% a minute', () => {
  const shares = slowShares(randomOf('slow'), 200_000);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  expect(mean / 0.045).toBeGreaterThan(0.97);
  expect(mean / 0.045).toBeLessThan(1.03);
  expect(shares.every((share) => share <= 1 + 1e-9)).toBe(true);
});

describe('histograms of a release', () => {
  test('hold 600 requests per pod and minute, past and present', () => {
    const { history, live } = stableLatency(calm, ['t']);
    expect(history.bounds).toEqual(BOUNDS.native);
    expect(history.stable.map((counts) => counts.reduce((sum, count) => sum + count, 0))).toEqual(
      new Array<number>(30).fill(19 * 600),
    );
    expect(live.map((pods) => Object.keys(pods).length)).toEqual(new Array<number>(30).fill(19));
  });

  test('a canary with stuck requests has as many above a second', () => {
    const canary = canaryLatency(calm, ['t'], { stuck: 0.02 }).flatMap((pods) => Object.values(pods));
    const counts = added(canary.map((one) => one.counts));
    const slower = 1 - shareBelow(1, { factor: 1, stuck: 0.02 });
    expect(above(counts, BOUNDS.native, 1) / slower).toBeGreaterThan(0.8);
    expect(above(counts, BOUNDS.native, 1) / slower).toBeLessThan(1.2);
  });

  test('drift moves both arms together, bursts single pods', () => {
    const slow = (drift: boolean, bursts: boolean): number[] => {
      const service = { ...calm, drift, bursts };
      const arm = canaryLatency(service, ['t'], {}).map((pods) =>
        above(Object.values(pods)[0]!.counts, BOUNDS.native, 0.25),
      );
      const stable = stableLatency(service, ['t']).live.map((pods) =>
        above(added(Object.values(pods).map(({ counts }) => counts)), BOUNDS.native, 0.25),
      );
      return [Math.max(...arm) / Math.min(...arm), Math.max(...stable) / Math.min(...stable)];
    };
    const [calmCanary = 0, calmStable = 0] = slow(false, false);
    const [driftCanary = 0, driftStable = 0] = slow(true, false);
    const [, burstStable = 0] = slow(false, true);
    expect(calmCanary).toBeLessThan(2);
    expect(driftCanary).toBeGreaterThan(4);
    expect(driftStable).toBeGreaterThan(4);
    expect(burstStable).toBeLessThan(driftStable / 2);
    expect(burstStable).toBeGreaterThan(calmStable);
  });
});
