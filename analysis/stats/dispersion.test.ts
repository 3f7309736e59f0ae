import { describe, expect, test } from 'vitest';
import { burstyCount } from '../../test/support/sampling.ts';
import { seeded } from '../../lib/random.ts';
import type { Cell } from './dispersion.ts';
import { addResidual, currentDispersion, gridIndex, NO_RESIDUALS, priorDispersions } from './dispersion.ts';
import { PHI_GRID } from './phi-grid.ts';

const runs = 60;

/** Mean over seeded runs. */
function mean(of: (random: () => number) => number): number {
  let sum = 0;
  for (let seed = 1; seed <= runs; seed++) sum += of(seeded(seed));
  return sum / runs;
}

function history(phi: number, rate: (i: number) => number, random: () => number): Cell[] {
  return Array.from({ length: 240 }, (_, i) => ({ n: 2850, x: burstyCount(2850 * rate(i), phi, random) }));
}

/** In blocks of `ticks` windows of 15 s. */
const prior = (cells: Cell[], ticks = 4): number =>
  priorDispersions(cells, 15).find((each) => each.ticks === ticks)?.phi ?? NaN;

describe('the prior from history', () => {
  test('Poisson counts are taken for Poisson', () => {
    expect(mean((random) => prior(history(1, () => 0.01, random)))).toBeLessThan(1.08);
  });

  test('a slow drift of the rate is not dispersion', () => {
    const drift = (i: number): number => 0.005 + (0.01 * i) / 240;
    expect(mean((random) => prior(history(1, drift, random)))).toBeLessThan(1.08);
  });

  test.each([3, 6])('bursts of φ = %d are seen', (phi) => {
    const seen = mean((random) => prior(history(phi, () => 0.01, random)));
    expect(seen).toBeGreaterThan(phi * 0.9);
    expect(seen).toBeLessThan(phi * 1.35);
  });

  test('longer blocks never get a smaller one, and slow bursts show only in them', () => {
    const slow = (i: number): number => (i % 60 < 20 ? 0.03 : 0.002);
    const found = priorDispersions(history(1, slow, seeded(1)), 15);
    expect(found.map(({ ticks }) => ticks)).toEqual([1, 2, 4, 8, 16, 32]);
    for (const [i, { phi }] of found.entries()) expect(phi).toBeGreaterThanOrEqual(found[i - 1]?.phi ?? 1);
    expect(found[4]!.phi).toBeGreaterThan(4 * found[0]!.phi);
  });

  test('it may be above any level, and is 1 where too little is known', () => {
    expect(
      prior(
        history(100, () => 0.01, seeded(1)),
        1,
      ),
    ).toBeGreaterThan(32);
    expect(priorDispersions([], 15)).toEqual([{ ticks: 1, phi: 1 }]);
    expect(priorDispersions(history(50, () => 0.01, seeded(1)).slice(0, 6), 15)).toEqual([
      { ticks: 1, phi: 1 },
    ]);
    expect(
      prior(
        Array.from({ length: 100 }, () => ({ n: 100, x: 0 })),
        1,
      ),
    ).toBe(1);
  });
});

describe('what the residuals between the arms show', () => {
  function after(ticks: number, phi: number, ratio: number, random: () => number): number {
    let sums = NO_RESIDUALS;
    for (let i = 0; i < ticks; i++) {
      const shared = 0.01 * (1 + 0.8 * Math.sin(i / 5));
      sums = addResidual(sums, {
        n1: 600,
        x1: burstyCount(600 * shared * ratio, phi, random),
        n0: 11_400,
        x0: burstyCount(11_400 * shared, phi, random),
      });
    }
    return currentDispersion(1, sums);
  }

  test('a baseline that moves both arms is no dispersion', () => {
    expect(mean((random) => after(40, 1, 1, random))).toBeLessThan(1.1);
  });

  test('a canary that is steadily worse is no dispersion either', () => {
    expect(mean((random) => after(40, 1, 2, random))).toBeLessThan(1.15);
  });

  test('bursts move the estimate away from the prior as windows pass', () => {
    const early = mean((random) => after(5, 5, 1, random));
    const late = mean((random) => after(60, 5, 1, random));
    expect(early).toBeLessThan(late);
    expect(late).toBeGreaterThan(3);
    expect(late).toBeLessThan(7);
  });

  test('calm windows are believed more slowly than bursts are', () => {
    const calm = { ...NO_RESIDUALS, ticks: 10, square: 10, variance: 10 };
    expect(currentDispersion(4, calm)).toBeCloseTo(4 ** (2 / 3), 6);
    expect(currentDispersion(1, { ...calm, square: 400 })).toBeCloseTo(40 ** 0.5, 6);
  });

  test('steady counts that vary less than Poisson are no dispersion, however alike they are', () => {
    let sums = NO_RESIDUALS;
    for (let i = 0; i < 80; i++) sums = addResidual(sums, { n1: 30, x1: 0.3, n0: 570, x0: 5.7 });
    expect(currentDispersion(1, sums)).toBe(1);
  });

  test('a window without requests in one arm changes nothing', () => {
    expect(addResidual(NO_RESIDUALS, { n1: 0, x1: 0, n0: 10, x0: 1 })).toBe(NO_RESIDUALS);
    expect(currentDispersion(3, NO_RESIDUALS)).toBe(3);
  });
});

test('the grid answers with the next φ above, and its last beyond the end', () => {
  expect(PHI_GRID[gridIndex(1, PHI_GRID)]).toBe(1);
  expect(PHI_GRID[gridIndex(1.1, PHI_GRID)]).toBe(1.4);
  expect(PHI_GRID[gridIndex(500, PHI_GRID)]).toBe(32);
});
