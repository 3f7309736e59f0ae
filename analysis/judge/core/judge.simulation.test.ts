import { describe, expect, test } from 'vitest';
import type { Random } from '../../../lib/random.ts';
import { poisson } from '../../../test/support/sampling.ts';
import { seeded } from '../../../lib/random.ts';
import { evidenceOf } from './comparison.ts';
import { addWindow, readErrorRate } from '../error-rate/state.ts';
import { errorRate } from '../../../test/support/judge-objects.ts';

/*
 * Rates of wrong and right decisions by seeded simulation: windows of 15 s, a look after each, an hour at most. Few runs
 * here, so bounds leave room for chance; the full benchmark has the narrow ones.
 */
const SECONDS = 15;
const HOUR = 240;
const metric = errorRate();
const bar = Math.log(20);

interface World {
  /** canary and stable requests per window */
  requests: (i: number) => [canary: number, stable: number];
  /** rate of bad requests of stable in the i-th window */
  rate: (i: number) => number;
  /** rate of the canary, given that of stable */
  canary: (rate: number) => number;
}

/** Windows until the rollback; undefined if none came within the hour. */
function windowsToRollback(world: World, random: Random): number | undefined {
  let data = readErrorRate(undefined);
  for (let i = 0; i < HOUR; i++) {
    const [n1, n0] = world.requests(i);
    const rate = world.rate(i);
    const x1 = Math.min(n1, poisson(n1 * world.canary(rate), random));
    const x0 = Math.min(n0, poisson(n0 * rate, random));
    data = addWindow(data, { n1, x1, n0, x0 }, { ...metric, seconds: SECONDS });
    if (evidenceOf(data).logHarm >= bar) return i + 1;
  }
  return undefined;
}

function simulate(world: World, runs: number): { share: number; meanMinutes: number } {
  let stopped = 0;
  let windows = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const found = windowsToRollback(world, seeded(seed));
    if (found !== undefined) stopped++;
    windows += found ?? HOUR;
  }
  return { share: stopped / runs, meanMinutes: ((windows / runs) * SECONDS) / 60 };
}

const steady: World = { requests: () => [150, 2850], rate: () => 0.01, canary: (rate) => rate };

/** Three standard errors of a share `p` over `runs`. */
const chance = (p: number, runs: number): number => 3 * Math.sqrt((p * (1 - p)) / runs);

describe('10 requests per second on the canary, 1% errors, 5% of traffic', () => {
  test('an equal canary is rolled back in at most 1% of releases', () => {
    const runs = 80;
    expect(simulate(steady, runs).share).toBeLessThanOrEqual(0.01 + chance(0.01, runs));
  });

  test('twice the errors are found in 3 minutes on average', () => {
    const { share, meanMinutes } = simulate({ ...steady, canary: (rate) => 2 * rate }, 400);
    expect(share).toBe(1);
    expect(meanMinutes).toBeLessThan(3.3);
  });

  test('ten times the errors are found in at most two windows on average', () => {
    const { meanMinutes } = simulate({ ...steady, canary: (rate) => 10 * rate }, 200);
    expect(meanMinutes).toBeLessThan((2 * SECONDS) / 60);
  });

  test('a canary exactly on the margin is rolled back in at most 5% of releases', () => {
    const runs = 100;
    const { share } = simulate({ ...steady, canary: (rate) => 1.1 * rate + 1e-4 }, runs);
    expect(share).toBeLessThanOrEqual(0.05 + chance(0.05, runs));
  });
});

test('weights that rise while the baseline worsens (Simpson) fool nobody', () => {
  const third = (i: number): number => Math.min(2, Math.floor(i / 40));
  const runs = 80;
  const { share } = simulate(
    {
      requests: (i) =>
        (
          [
            [150, 2850],
            [600, 2400],
            [1500, 1500],
          ] as const
        )[third(i)] as [number, number],
      rate: (i) => [0.005, 0.01, 0.02][third(i)] ?? 0.02,
      canary: (rate) => rate,
    },
    runs,
  );
  expect(share).toBeLessThanOrEqual(0.01 + chance(0.01, runs));
});
