import { expect, test } from 'vitest';
import type { Counts } from '../../../api/analysis.ts';
import type { Calibration } from './calibration.ts';
import { addRanks, canRank, startRanks } from './rank-state.ts';
import { times } from '../../../test/support/judge-objects.ts';

const counts = (total: number, bad = 0): Counts => ({ total, bad });
const named = (prefix: string, list: Counts[]): Record<string, Counts> =>
  Object.fromEntries(list.map((each, i) => [`${prefix}-${i}`, each]));

const margins = {
  harmMargin: { relative: 0.1, absolute: 1e-4 },
  safeMargin: { relative: 0.5, absolute: 1e-3 },
};

const calibration: Calibration = {
  kind: 'placebo',
  poisson: true,
  strong: true,
  many: true,
  rungs: [{ ticks: 1, phi: 1, safePhi: 1 }],
  late: { phi: 1, bar: 3 },
};

test.each([
  [15, 4],
  [24, 3],
  [25, 2],
  [40, 2],
  [60, 1],
  [300, 1],
])('windows of %d s make blocks of %d, now as in history', (seconds, windows) => {
  const lists = times(6, (j) => times(240, (i) => counts(100, (i + j) % 3)));
  const stable = times(240, () => counts(600, 6));
  const start = startRanks(
    { stable, pods: Object.fromEntries(lists.map((l, j) => [`s-${j}`, l])) },
    {
      seconds,
      rho: 1,
      calibration,
      seed: 'x',
    },
  )!;
  const pods = {
    canary: named('c', [counts(100, 1)]),
    stable: named(
      's',
      times(6, () => counts(100, 1)),
    ),
  };
  const window = { ...margins, pods, seconds, rho: 1 };
  let data = start;
  for (let i = 0; i < windows; i++) {
    expect(data.blocks).toBe(0);
    data = addRanks(data, window);
  }
  expect(data.blocks).toBe(1);
  expect(data.wealth.length).toBe(start.rungs.length);
});

test.each([
  { canary: 1, stable: 4, idle: 0, want: true },
  { canary: 1, stable: 4, idle: 1, want: false },
  { canary: 0, stable: 9, idle: 0, want: false },
])('$canary canary pods rank among $stable stable ones, $idle of them idle: $want', (count) => {
  const stable = times(count.stable, (j) => counts(j < count.idle ? 0 : 100));
  const canary = times(count.canary, () => counts(100));
  expect(canRank({ canary: named('c', canary), stable: named('s', stable) })).toBe(count.want);
});
