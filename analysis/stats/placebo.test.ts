import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { burstyCount, poisson } from '../../test/support/sampling.ts';
import { seeded } from '../../lib/random.ts';
import type { PodHistory } from './placebo-table.ts';
import { calibrateFromPods, rungAfter } from './placebo.ts';

interface Fixture {
  name: string;
  seconds: number;
  n: number[][];
  x: number[][];
  want: {
    poisson: boolean;
    strong: boolean;
    many: boolean;
    unknown: boolean;
    rungs: [ticks: number, phi: number, safePhi: number][];
    late: number;
  };
}

const fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/placebo.json', import.meta.url), 'utf8'),
) as Fixture[];

test.each(fixtures)(
  '$name: the same dispersion as an independent implementation finds',
  ({ n, x, seconds, want }) => {
    const pods = n.map((row, j): PodHistory => ({ n: row, x: x[j] ?? [] }));
    const { poisson, strong, many, unknown = false, rungs, late } = calibrateFromPods(pods, seconds)!;
    expect({ poisson, strong, many, unknown }).toEqual({
      poisson: want.poisson,
      strong: want.strong,
      many: want.many,
      unknown: want.unknown,
    });
    expect(rungs.map(({ ticks }) => ticks)).toEqual(want.rungs.map(([ticks]) => ticks));
    for (const [i, { phi, safePhi }] of rungs.entries()) {
      expect(phi).toBeCloseTo(want.rungs[i]![1], 9);
      expect(safePhi).toBeCloseTo(want.rungs[i]![2], 9);
    }
    expect(late.bar).toBeCloseTo(want.late, 9);
  },
);

function podsOf(count: number, windows: number, draw: (mean: number, j: number) => number): PodHistory[] {
  return Array.from({ length: count }, (_, j) => ({
    n: new Array<number>(windows).fill(600),
    x: Array.from({ length: windows }, () => draw(6, j)),
  }));
}

describe('calibration from single pods', () => {
  test('independent requests are nearly always recognised', () => {
    let accepted = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed);
      if (
        calibrateFromPods(
          podsOf(19, 60, (mean) => poisson(mean, random)),
          60,
        )?.poisson === true
      )
        accepted++;
    }
    expect(accepted).toBeGreaterThanOrEqual(34);
  });

  test('bursts are not taken for independent requests, and longer blocks never get a smaller φ', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seeded(seed);
      const found = calibrateFromPods(
        podsOf(19, 60, (mean) => burstyCount(mean, 5, random)),
        60,
      )!;
      expect(found.poisson).toBe(false);
      expect(found.rungs[0]!.phi).toBeGreaterThan(2);
      for (const [i, { phi }] of found.rungs.entries())
        expect(phi).toBeGreaterThanOrEqual(found.rungs[i - 1]?.phi ?? 1);
    }
  });

  test('incidents that hit all pods alike cancel', () => {
    const random = seeded(7);
    const windows = 60;
    const level = Array.from({ length: windows }, (_, t) => (t % 12 < 2 ? 30 : 6));
    const pods = podsOf(19, windows, () => 0).map(({ n }) => ({
      n,
      x: level.map((mean) => poisson(mean, random)),
    }));
    expect(calibrateFromPods(pods, 60)?.poisson).toBe(true);
  });

  test('with few pods or a short history nothing is claimed', () => {
    const random = seeded(1);
    const draw = (mean: number): number => poisson(mean, random);
    expect(calibrateFromPods(podsOf(1, 60, draw), 60)).toBeUndefined();
    expect(calibrateFromPods(podsOf(19, 6, draw), 60)).toBeUndefined();
    expect(calibrateFromPods([], 60)).toBeUndefined();
    const weak = calibrateFromPods(podsOf(4, 120, draw), 60);
    expect(weak).toMatchObject({ strong: false, poisson: false });
    expect(weak?.rungs.at(-1)?.ticks).toBe(15);
  });

  test('two or three pods are known only after hours, if they are alike and calm', () => {
    const unknown = (pods: PodHistory[]): boolean => calibrateFromPods(pods, 60)?.unknown === true;
    const random = seeded(4);
    const alike = (mean: number): number => poisson(mean, random);
    expect(unknown(podsOf(2, 180, alike))).toBe(false);
    expect(unknown(podsOf(2, 100, alike))).toBe(true);
    expect(unknown(podsOf(2, 180, (mean, j) => alike(j === 0 ? mean * 2 : mean)))).toBe(true);
    expect(unknown(podsOf(2, 180, (mean) => (random() < 0.02 ? mean * 60 : alike(mean))))).toBe(true);
    expect(unknown(podsOf(4, 100, (mean) => (random() < 0.02 ? mean * 60 : alike(mean))))).toBe(false);
  });

  test('a history without errors or requests gives numbers all the same', () => {
    expect(
      calibrateFromPods(
        podsOf(19, 60, () => 0),
        60,
      )?.poisson,
    ).toBe(true);
    const idle = podsOf(19, 60, () => 0).map(({ x }) => ({ n: x, x }));
    expect(calibrateFromPods(idle, 60)).toBeUndefined();
  });

  test('many pods that are idle most of the time are not few pods', () => {
    const random = seeded(2);
    const idle = podsOf(4, 240, (mean) => poisson(mean, random)).map(({ n, x }, j) => ({
      n: n.map((value, t) => ((t + j) % 2 === 0 ? value : 0)),
      x: x.map((value, t) => ((t + j) % 2 === 0 ? value : 0)),
    }));
    expect(calibrateFromPods(idle, 60)).toBeUndefined();
    expect(calibrateFromPods(idle.slice(0, 2), 60)).toBeUndefined();
  });

  test('pods that came and went count for the time they served', () => {
    const random = seeded(3);
    const whole = podsOf(19, 60, (mean) => burstyCount(mean, 5, random));
    const halves = whole.flatMap(({ n, x }) =>
      [0, 1].map((half) => {
        const served = (t: number): boolean => t % 2 === half;
        return {
          n: n.map((value, t) => (served(t) ? value : 0)),
          x: x.map((value, t) => (served(t) ? value : 0)),
        };
      }),
    );
    const [one] = calibrateFromPods(whole, 60)!.rungs;
    const [two] = calibrateFromPods(halves, 60)!.rungs;
    expect(two!.phi).toBe(one!.phi);
  });
});

test('the rung read is the shortest that covers the windows passed', () => {
  const rungs = [1, 2, 4, 8].map((ticks) => ({ ticks, phi: ticks }));
  expect([1, 2, 3, 5, 8, 9, 500].map((windows) => rungs[rungAfter(rungs, windows)]?.ticks)).toEqual([
    1, 2, 4, 8, 8, 8, 8,
  ]);
});
