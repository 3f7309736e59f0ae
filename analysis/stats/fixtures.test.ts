import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bet } from './bet.ts';
import type { HarmWealth, SafeWealth } from './process.ts';
import { harmTick, logHarm, logSafe, safeTick } from './process.ts';

interface Fixtures {
  bets: [g: number, r: number, phi: number, s1: number, s0: number, kappa1: number][];
  ticks: [n1: number, x1: number, n0: number, x0: number][];
  runs: { phi: number; rows: { harm: number; safe: number }[] }[];
}

const fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/fixtures.json', import.meta.url), 'utf8'),
) as Fixtures;

test('bets agree with the 40-digit reference', () => {
  expect(fixtures.bets.length).toBeGreaterThan(500);
  for (const [g, r, phi, s1, s0, kappa1] of fixtures.bets) {
    const got = bet(g, r, phi);
    const where = `g=${g} r=${r} phi=${phi}`;
    expect(relative(got.s1, s1), `s1 at ${where}`).toBeLessThan(1e-11);
    expect(relative(got.s0, s0), `s0 at ${where}`).toBeLessThan(1e-11);
    expect(relative(got.kappa1, kappa1), `kappa1 at ${where}`).toBeLessThan(1e-11);
  }
});

test.each(fixtures.runs)(
  'both mixtures follow the reference window by window at φ = $phi',
  ({ phi, rows }) => {
    let harm: HarmWealth = [];
    let safe: SafeWealth = [];
    for (const [i, [n1, x1, n0, x0]] of fixtures.ticks.entries()) {
      const tick = { n1, x1, n0, x0 };
      harm = harmTick(harm, tick, { margin: { relative: 0.1, absolute: 1e-4 }, phi }, 15);
      safe = safeTick(safe, tick, { margin: { relative: 0.5, absolute: 1e-3 }, phi });
      expect(logHarm(harm)).toBeCloseTo(rows[i]!.harm, 9);
      expect(logSafe(safe)).toBeCloseTo(rows[i]!.safe, 9);
    }
  },
);

function relative(got: number, want: number): number {
  return Math.abs(got - want) / Math.max(Math.abs(want), 1e-300);
}
