import { describe, expect, test } from 'vitest';
import { seeded } from '../../../lib/random.ts';
import { results, times } from '../../../test/support/judge-objects.ts';
import { drawPods, historyOf, playPods } from '../../../test/support/pods.ts';

const BASE = 0.01;
const REQUESTS = 600;
const PODS = 19;

/** `sick(t)`: rate of the first stable pod in the t-th minute of the history (60: now). */
function course(sick: (t: number) => number, canary: number, { seed = 1, windows = 40 } = {}): string {
  const random = seeded(seed);
  const rates = (t: number): number[] => times(PODS, (j) => (j === 0 ? sick(t) : BASE));
  const { verdicts } = playPods({
    history: historyOf(times(60, (t) => drawPods('web-s', rates(t), REQUESTS, random))),
    windows,
    canary: () => drawPods('web-c', [canary], REQUESTS, random),
    stable: () => drawPods('web-s', rates(60), REQUESTS, random),
  });
  return results(verdicts);
}

const crashed = (t: number): number => (t >= 28 && t < 31 ? 0.5 : BASE);
const always = (): number => 10 * BASE;

describe.each([
  ['failed half of its requests for three minutes half an hour ago', crashed],
  ['always has ten times the errors', always],
])('a stable pod that %s', (_, sick) => {
  test('does not keep a healthy canary from passing', () => {
    for (const seed of times(4, (at) => at)) expect(course(sick, BASE, { seed })).toMatch(/^i*p/);
  });

  test('does not hide a canary with ten times the errors', () => {
    for (const seed of times(4, (at) => at)) {
      expect(course(sick, 10 * BASE, { seed, windows: 12 })).toMatch(/^i{0,9}f$/);
    }
  });
});
