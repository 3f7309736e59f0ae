import { describe, expect, test } from 'vitest';
import type { Counts } from '../../../api/analysis.ts';
import { seeded } from '../../../lib/random.ts';
import { results, times } from '../../../test/support/judge-objects.ts';
import { drawPods, historyOf, playPods, type Play } from '../../../test/support/pods.ts';
import type { Suspicion } from '../../stats/rank-wealth.ts';
import type { ErrorRateData } from './state.ts';

const BASE = 0.01;
const REQUESTS = 600;

/** 19 stable pods with a history of an hour, and canary pods with these rates. */
function play(
  canary: readonly number[],
  { seed = 1, windows = 30, stable = 19 } = {},
): ReturnType<typeof playPods> {
  const random = seeded(seed);
  const all = times(stable, () => BASE);
  const plan: Play = {
    history: historyOf(times(60, () => drawPods('web-s', all, REQUESTS, random))),
    windows,
    canary: () => drawPods('web-c', canary, REQUESTS, random),
    stable: () => drawPods('web-s', all, REQUESTS, random),
  };
  return playPods(plan);
}

const stateOf = ({ state }: { state: { metrics: Record<string, { data: unknown }> } }): ErrorRateData =>
  state.metrics['errors']!.data as ErrorRateData;

describe('several canary pods', () => {
  test('one of four with ten times the errors stops the release within three minutes', () => {
    for (const seed of times(10, (at) => at)) {
      const { verdicts } = play([10 * BASE, BASE, BASE, BASE], { seed });
      expect(results(verdicts)).toMatch(/^i{0,2}f$/);
    }
  });

  test('that are all mildly bad stop it by their sum', () => {
    for (const seed of times(5, (at) => at)) {
      const { verdicts, state } = play(
        times(12, () => 1.6 * BASE),
        { seed },
      );
      expect(verdicts.at(-1)?.result).toBe('fail');
      expect(Object.keys(stateOf({ state }).rank!.suspicion)).toContain('');
    }
  });

  test('that are healthy stop nothing, and hardly anything speaks against them', () => {
    const most = (sums: Record<string, Suspicion>): number => Math.max(0, ...Object.values(sums).flat());
    const courses = times(10, (seed) =>
      play(
        times(4, () => BASE),
        { seed, windows: 60 },
      ),
    );
    expect(courses.filter(({ verdicts }) => verdicts.at(-1)?.result === 'fail')).toEqual([]);
    for (const course of courses) expect(most(stateOf(course).rank!.suspicion)).toBeLessThan(12);
  });
});

test('60 canary pods among 200 stable ones need at most 16 KB', () => {
  const { state } = play(
    times(60, () => 1.05 * BASE),
    { windows: 20, stable: 200 },
  );
  expect(JSON.stringify(state.metrics).length).toBeLessThanOrEqual(16_384);
});

test('pods whose names end alike are told apart', () => {
  const random = seeded(3);
  const named = (prefix: string, list: readonly Counts[]): Record<string, Counts> =>
    Object.fromEntries(list.map((counts, j) => [`10.0.${prefix}.${j}-8080`, counts]));
  const pods = (prefix: string, rates: readonly number[]): Record<string, Counts> =>
    named(prefix, Object.values(drawPods('x', rates, REQUESTS, random)));
  const healthy = times(19, () => BASE);
  const { verdicts, state } = playPods({
    history: historyOf(times(60, () => pods('1', healthy))),
    windows: 4,
    canary: () => pods('2', [BASE, BASE]),
    stable: () => pods('1', healthy),
  });
  expect(stateOf({ state }).rank).toMatchObject({ blocks: 4 });
  expect(verdicts.at(-1)?.numbers['rankEvidence']).not.toBe(1);
});

test('counts may stop a release where ranks cannot be scored', () => {
  const random = seeded(3);
  const healthy = times(19, () => BASE);
  const { verdicts } = playPods({
    history: historyOf(times(60, () => drawPods('web-s', healthy, REQUESTS, random))),
    windows: 3,
    canary: () => drawPods('web-c', [0.1], REQUESTS, random),
    stable: () => drawPods('web-s', [BASE, BASE, BASE], REQUESTS * 6, random),
  });
  expect(verdicts.at(-1)).toMatchObject({ result: 'fail', reason: 'HarmDetected' });
});
