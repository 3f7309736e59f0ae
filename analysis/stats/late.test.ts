import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../lib/random.ts';
import { times } from '../../test/support/judge-objects.ts';
import { burstyCount, poisson } from '../../test/support/sampling.ts';
import type { LateWealth } from './late.ts';
import { LATE_BETS, lateTick, logLate } from './late.ts';
import type { PlaceboCalibration } from './placebo.ts';
import { calibrateFromPods } from './placebo.ts';
import { earnedIn } from './process.ts';

const margin = { relative: 0.1, absolute: 1e-4 };

function learnt(draw: (random: () => number) => number, seed: number, pods = 19): PlaceboCalibration {
  const random = seeded(seed);
  const list = times(pods, () => ({ n: times(60, () => 600), x: times(60, () => draw(random)) }));
  return calibrateFromPods(list, 60)!;
}

const steady = (random: () => number): number => poisson(6, random);

/** Minutes from the beginning of harm until the evidence is above its bar. */
function delay(begins: number, factor: number, seed: number): number | undefined {
  const { late } = learnt(steady, seed);
  const random = seeded(seed + 1000);
  let wealth: LateWealth = [];
  for (let t = 0; t < 60; t++) {
    const tick = {
      n1: 600,
      x1: poisson(t >= begins ? 6 * factor : 6, random),
      n0: 11_400,
      x0: poisson(114, random),
    };
    wealth = lateTick(wealth, earnedIn(tick, { margin, phi: late.phi }));
    if (logLate(wealth) >= late.bar) return t + 1 - begins;
  }
  return undefined;
}

describe('harm that begins late', () => {
  test('at minute 20 is found within minutes, as soon as harm from the start', () => {
    const late = times(20, (seed) => delay(20, 5, seed)!);
    expect(Math.max(...late)).toBeLessThanOrEqual(2);
    expect(Math.min(...late)).toBeGreaterThan(0);
    expect(late).not.toContain(undefined);
  });

  test('that there is none of is seldom found', () => {
    const found = times(60, (seed) => delay(60, 1, seed)).filter((each) => each !== undefined);
    expect(found.length).toBeLessThanOrEqual(6);
  });

  test('the more the placebos reached and the fewer they were, the higher the bar', () => {
    const bursty = learnt((random) => burstyCount(6, 20, random), 3).late.bar;
    const [calm, few] = [learnt(steady, 3).late.bar, learnt(steady, 3, 4).late.bar];
    expect(bursty).toBeGreaterThan(calm);
    expect(few).toBeGreaterThan(calm);
  });
});

test('whatever is counted, each bet has one stake, and it is a number', () => {
  const count = fc.oneof(fc.nat(3), fc.nat(1_000_000), fc.constant(1e12));
  const window = fc
    .record({
      n1: count,
      n0: count,
      bad: fc.double({ min: 0, max: 1, noNaN: true }),
      phi: fc.integer({ min: 1, max: 300 }),
    })
    .map(({ n1, n0, bad, phi }) => ({ tick: { n1, x1: n1 * bad, n0, x0: Math.round(n0 * (1 - bad)) }, phi }));
  fc.assert(
    fc.property(fc.array(window, { minLength: 1, maxLength: 30 }), (windows) => {
      const wealth = windows
        .filter(({ tick }) => tick.n1 > 0 && tick.n0 > 0)
        .reduce<LateWealth>((before, { tick, phi }) => lateTick(before, earnedIn(tick, { margin, phi })), []);
      expect([0, LATE_BETS]).toContain(wealth.length);
      expect(wealth.every(Number.isFinite)).toBe(true);
      expect(JSON.parse(JSON.stringify(wealth))).toEqual(wealth.map((each) => each + 0));
    }),
  );
});
