import { describe, expect, test } from 'vitest';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { Measurement, Window } from '../../../api/analysis.ts';
import { defaultTemplate } from '../../../api/kinds/template/template.ts';
import { judgeWindow, startStep, wantsHistory } from './judge.ts';

const templates = [{ use: { template: 'http', args: {} }, template: defaultTemplate() }];
const windowOf = (i: number): Window => ({ startMs: i * 15_000, endMs: (i + 1) * 15_000 });

type Arms = { canary: [number, number]; stable: [number, number] };

function counted(i: number, { canary, stable }: Arms): Measurement {
  return {
    metric: 'error-rate',
    window: windowOf(i),
    outcome: 'ok',
    kind: 'counts',
    canary: { bad: canary[0], total: canary[1] },
    stable: { bad: stable[0], total: stable[1] },
  };
}

function cold(state: AnalysisState, i: number, arms: Arms | undefined) {
  const measurements = arms === undefined ? [] : [counted(i, arms)];
  return judgeWindow(state, { templates, measurements, window: windowOf(i), warming: true });
}

const FRESH = startStep(undefined, 0);
const STABLE: [number, number] = [14, 2850];

describe('a window in which most canary pods are cold', () => {
  test('fails a version that answers 500, at once', () => {
    const { verdict } = cold(FRESH, 0, { canary: [150, 150], stable: STABLE });
    expect(verdict).toMatchObject({ result: 'fail', reason: 'HarmDetected' });
    expect(verdict.sentence).toContain('while most canary pods are warming up');
  });

  test('forgives what an ordinary window does not: twice the errors of stable and a bit', () => {
    let state = FRESH;
    for (let i = 0; i < 20; i++) {
      const judged = cold(state, i, { canary: [3, 150], stable: STABLE });
      expect(judged.verdict).toMatchObject({ result: 'inconclusive', reason: 'WarmingUp' });
      state = judged.state;
    }
  });

  test('proves nothing safe, and leaves the ordinary evidence as it was', () => {
    const { state, verdict } = cold(FRESH, 0, { canary: [0, 40_000], stable: [0, 400_000] });
    expect(verdict.result).toBe('inconclusive');
    const next = {
      templates,
      measurements: [counted(30, { canary: [0, 10], stable: [0, 100] })],
      window: windowOf(30),
    };
    const after = judgeWindow(state, next).verdict;
    const alone = judgeWindow(FRESH, next).verdict;
    expect([after.result, after.numbers]).toEqual([alone.result, alone.numbers]);
  });

  test('needs no history twice, and says until when there were data', () => {
    const { state } = cold(FRESH, 0, { canary: [0, 150], stable: STABLE });
    expect([wantsHistory(FRESH), wantsHistory(state), state.dataUntilMs]).toEqual([true, false, 15_000]);
    const gap = cold(state, 1, undefined);
    expect(gap.verdict.reason).toBe('NoData');
    expect([gap.state.measuredUntilMs, gap.state.dataUntilMs]).toEqual([30_000, 15_000]);
  });
});

test('counters that cannot be are no data', () => {
  const measurements = [counted(0, { canary: [-1, -5], stable: [-1, -5] })];
  const { state } = judgeWindow(FRESH, { templates, measurements, window: windowOf(0) });
  expect([state.measuredUntilMs, state.dataUntilMs]).toEqual([15_000, undefined]);
});
