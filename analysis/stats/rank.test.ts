import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { poisson } from '../../test/support/sampling.ts';
import { seeded } from '../../lib/random.ts';
import type { RankWealth, SafeRankWealth, Suspicion } from './rank-wealth.ts';
import { logRank, logSafeRank, logSuspicion, rankBlock, safeRankBlock, suspect } from './rank-wealth.ts';
import { calibrateRanks, midrank, rankRungAfter, rankScore } from './rank.ts';
import { thin } from './thinning.ts';

interface Fixtures {
  scores: [bad: number, stable: number[], keep: number, want: number][];
  history: number[][];
  blocks: number[][];
  runs: {
    strong: boolean;
    rungs: [blocks: number, kappa: number[], safe: number[]][];
    rows: number[];
    safe: number[];
    suspicion: number[];
  }[];
}

const fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/rank.json', import.meta.url), 'utf8'),
) as Fixtures;

describe('against an independent implementation', () => {
  test.each(fixtures.scores)('%d bad requests among %j, each kept with %d', (bad, stable, keep, want) => {
    expect(rankScore(bad, stable, keep)).toBeCloseTo(want, 12);
  });

  test.each(fixtures.runs)('charges (strong: $strong)', ({ strong, rungs }) => {
    const got = calibrateRanks(fixtures.history, strong)!;
    expect(got.map(({ blocks }) => blocks)).toEqual(rungs.map(([blocks]) => blocks));
    for (const [i, [, kappa, safe]] of rungs.entries()) {
      for (const [k, charge] of kappa.entries()) expect(got[i]!.kappa[k]).toBeCloseTo(charge, 10);
      for (const [k, charge] of safe.entries()) expect(got[i]!.safe[k]).toBeCloseTo(charge, 10);
    }
  });

  test.each(fixtures.runs)('evidence of harm and safety, and suspicion (strong: $strong)', (run) => {
    const rungs = calibrateRanks(fixtures.history, run.strong)!;
    let harm = rungs.map((): RankWealth => []);
    let safe = rungs.map((): SafeRankWealth => []);
    let suspicion: Suspicion = [];
    for (const [t, scores] of fixtures.blocks.entries()) {
      harm = rungs.map((rung, i) => rankBlock(harm[i]!, scores, rung));
      safe = rungs.map((rung, i) => safeRankBlock(safe[i]!, scores, rung));
      suspicion = suspect(suspicion, scores, rungs[0]!);
      const at = rankRungAfter(rungs, t + 1);
      expect(logRank(harm[at]!)).toBeCloseTo(run.rows[t]!, 9);
      expect(logSafeRank(safe[at]!)).toBeCloseTo(run.safe[t]!, 9);
      expect(logSuspicion(suspicion)).toBeCloseTo(run.suspicion[t]!, 9);
    }
  });
});

describe('the rank of a canary pod', () => {
  test('it lies between the halves and falls as more is forgiven', () => {
    const pods = fc.array(fc.nat(50), { minLength: 4, maxLength: 20 });
    fc.assert(
      fc.property(fc.nat(60), pods, fc.double({ min: 0.05, max: 1, noNaN: true }), (bad, stable, keep) => {
        const score = rankScore(bad, stable, keep);
        expect(Math.abs(score)).toBeLessThanOrEqual(0.5 + 1e-12);
        expect(score).toBeLessThanOrEqual(midrank(bad, stable) - 0.5 + 1e-9);
      }),
    );
  });

  test('counts of any size give a number, and quickly', () => {
    for (const bad of [1e5, 1e9, 1e12]) {
      const score = rankScore(bad, [bad * 0.89, bad * 0.9, bad * 0.91, bad * 0.9 + 1], 0.9);
      expect(Math.abs(score)).toBeLessThan(0.3);
    }
  });
});

describe('when the history cannot carry it', () => {
  const draw = (pods: number, blocks: number, mean: number): number[][] => {
    const random = seeded(1);
    return Array.from({ length: pods }, () => Array.from({ length: blocks }, () => poisson(mean, random)));
  };

  test.each([
    ['too few pods', 3, 60, 5],
    ['too few blocks', 10, 6, 5],
    ['too few errors', 10, 60, 0.2],
  ])('%s', (_, pods, blocks, mean) => {
    expect(calibrateRanks(draw(pods, blocks, mean), true)).toBeUndefined();
    expect(calibrateRanks(draw(10, 60, 5), true)).toBeDefined();
  });

  test('blocks in which a pod did not serve are left out', () => {
    const history = draw(10, 60, 5).map((pod) => pod.map((bad, b) => (b % 3 === 0 ? undefined : bad)));
    for (const { kappa } of calibrateRanks(history, true)!)
      for (const charge of kappa) expect(charge).toSatisfy(Number.isFinite);
  });
});

test('at equal pods the evidence stays low, and a canary that is always the worst is found', () => {
  const random = seeded(11);
  const stable = (): number[] => Array.from({ length: 19 }, () => poisson(6, random));
  const rungs = calibrateRanks(
    Array.from({ length: 19 }, () => Array.from({ length: 60 }, () => poisson(6, random))),
    true,
  )!;
  const evidence = (mean: number): number => {
    let wealth: RankWealth = [];
    for (let t = 0; t < 30; t++)
      wealth = rankBlock(wealth, [rankScore(poisson(mean, random), stable(), 0.9)], rungs[3]!);
    return logRank(wealth);
  };
  expect(evidence(6)).toBeLessThan(Math.log(20));
  expect(evidence(12)).toBeGreaterThan(Math.log(20));
});

test('thinning keeps about the share it should, and draws the same again for the same key', () => {
  for (const count of [40, 5000]) {
    const kept = Array.from({ length: 200 }, (_, i) => thin(count, 0.3, `pod-${i}`));
    expect(kept.reduce((a, b) => a + b, 0) / 200 / count).toBeCloseTo(0.3, 1);
    expect(kept).toEqual(Array.from({ length: 200 }, (_, i) => thin(count, 0.3, `pod-${i}`)));
    expect(new Set(kept).size).toBeGreaterThan(5);
  }
  expect(thin(7, 1, 'x')).toBe(7);
});
