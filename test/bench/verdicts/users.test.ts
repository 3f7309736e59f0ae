import { describe, expect, test } from 'vitest';
import { randomOf } from './random.ts';
import { PLAIN } from './errors.ts';
import { FAMILIES } from './families.ts';
import type { Service } from './traffic.ts';
import { canaryTraffic, stableTraffic, sum } from './traffic.ts';
import type { Users } from './users.ts';
import { mixes } from './users.ts';

const USERS: Users = { count: 2000, zipf: 0, sd: 1, stay: 'pod' };
const PODS = { stable: 19, canary: 1 };

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Error rates of the canary's users in many releases. */
function canaries(users: Users): number[] {
  return Array.from(
    { length: 1500 },
    (_, run) => mixes(users, PODS, randomOf('users', run)).canary[0]!.errors,
  );
}

describe('users that stay', () => {
  test('average to one pod of the service', () => {
    const { stable, canary } = mixes(USERS, PODS, randomOf('users'));
    const all = [...stable, ...canary];
    expect(mean(all.map(({ traffic }) => traffic))).toBeCloseTo(1, 9);
    expect(mean(all.map(({ traffic, errors }) => traffic * errors))).toBeCloseTo(1, 9);
  });

  test('make the rate of a canary with 100 of them vary as the mean of 100 users, as seen from the others', () => {
    const rates = canaries(USERS);
    const variance = mean(rates.map((rate) => (rate - mean(rates)) ** 2));
    // e^(sd²) − 1 per user; of all 2 000 the canary's own 100 move the mean, too
    const want = (Math.expm1(1) / 100) * (1 - 100 / 2000);
    expect(variance / want).toBeGreaterThan(0.75);
    expect(variance / want).toBeLessThan(1.25);
  });

  test('of a version share its pods', () => {
    const { stable } = mixes({ ...USERS, stay: 'version' }, PODS, randomOf('users'));
    expect(new Set(stable.map(({ errors }) => errors)).size).toBe(1);
  });
});

describe('traffic', () => {
  const service: Service = { ...PLAIN, family: FAMILIES.iid, rate: 0.1, podRps: 100, canaryPodRps: 100 };
  const rateOf = (pods: readonly { total: number; bad: number }[]): number => {
    const { total, bad } = sum(pods);
    return bad / total;
  };

  test('of a pod that was sick has its errors in these minutes only', () => {
    const sick = (minute: number, pod: number): number =>
      pod === 0 && minute < -30 && minute >= -40 ? 5 : 1;
    const { pods } = stableTraffic({ ...service, sick }, ['t']).history;
    const [first, second] = Object.values(pods);
    expect(rateOf(first!.slice(20, 30)) / 0.5).toBeCloseTo(1, 1);
    expect(rateOf(first!.slice(30)) / 0.1).toBeCloseTo(1, 1);
    expect(rateOf(second!.slice(20, 30)) / 0.1).toBeCloseTo(1, 1);
  });

  test('of a canary that is worse from a minute on is that of a healthy one before', () => {
    const late = canaryTraffic(service, ['t'], (minute) => (minute < 20 ? 1 : 3));
    expect(late.slice(0, 20)).toEqual(canaryTraffic(service, ['t'], 1).slice(0, 20));
    expect(rateOf(late.slice(20).flatMap((pods) => Object.values(pods))) / 0.3).toBeCloseTo(1, 1);
  });

  test('in an outage has more errors in both arms', () => {
    const outage = (minute: number): number => (minute >= 10 && minute < 20 ? 0.2 : 0);
    const { live } = stableTraffic({ ...service, outage }, ['t']);
    const canary = canaryTraffic({ ...service, outage }, ['t'], 1);
    for (const arm of [live, canary]) {
      const rate = (from: number, to: number) =>
        rateOf(arm.slice(from, to).flatMap((pods) => Object.values(pods)));
      expect(rate(10, 20) / 0.3).toBeCloseTo(1, 1);
      expect(rate(20, 60) / 0.1).toBeCloseTo(1, 1);
    }
  });

  test('that arrives at random has as many requests on average, with the variance of a Poisson count', () => {
    const counts = canaryTraffic(
      { ...service, arrivals: 'random', canaryPodRps: 0.1, minutes: 3000 },
      ['t'],
      1,
    );
    const totals = counts.flatMap((pods) => Object.values(pods)).map(({ total }) => total);
    expect(mean(totals) / 6).toBeCloseTo(1, 1);
    expect(mean(totals.map((total) => (total - 6) ** 2)) / 6).toBeCloseTo(1, 1);
  });
});
