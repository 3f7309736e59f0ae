import { describe, expect, test } from 'vitest';
import type { AnalysisState, Verdict } from '../../../api/kinds/release/verdict.ts';
import type { Measurement } from '../../../api/analysis.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import { judgeWindow, startStep, wantsHistory } from './judge.ts';
import { histogram, latency, slow } from '../../../test/support/latency-objects.ts';
import {
  boundTo,
  errorRate,
  missing,
  pair,
  rates,
  series,
  threshold,
  times,
  value,
  windowAt,
} from '../../../test/support/judge-objects.ts';

/** A step in which all requests go to the canary. */
function bake(
  metrics: Metric[],
  windows: Measurement[][],
  from: AnalysisState = startStep(undefined, 1),
): { verdicts: Verdict[]; state: AnalysisState } {
  const verdicts: Verdict[] = [];
  let state = from;
  for (const measurements of windows) {
    const startMs = state.measuredUntilMs ?? windowAt(0).startMs;
    const window = { startMs, endMs: startMs + 15_000 };
    const judged = judgeWindow(state, { templates: [boundTo(metrics)], measurements, window, alone: true });
    state = judged.state;
    verdicts.push(judged.verdict);
  }
  return { verdicts, state };
}

const last = (of: { verdicts: Verdict[] }) => of.verdicts.at(-1)!;

/** After a step in which copies were compared with stable: 0.5% errors in both. */
const compared = (metrics: Metric[]): AnalysisState => {
  let state = startStep(undefined, 0);
  for (const i of [0, 1]) {
    const measurements = [rates('5/1000 10/2000', i)];
    state = judgeWindow(state, { templates: [boundTo(metrics)], measurements, window: windowAt(i) }).state;
  }
  return startStep(state, 1, [boundTo(metrics)]);
};

const withHistory = (text: string): Measurement => {
  const measured = rates(text, 0);
  if (measured.outcome !== 'ok' || measured.kind !== 'counts') throw new Error('not a rate');
  return { ...measured, history: { stable: times(60, () => ({ total: 3000, bad: 15 })) } };
};

describe('with all requests on the canary an error rate', () => {
  test('proves nothing, but is tolerable inside what stable did before', () => {
    const judged = last(bake([errorRate()], [[rates('6/1200 0/0', 0)]], compared([errorRate()])));
    expect(judged).toMatchObject({ result: 'inconclusive', reason: 'NothingToCompare', tolerable: true });
    expect(judged.sentence).toBe(
      'canary 0.5% errors (6/1200) in this step, stable 0.5% before; all requests go to the canary, so there is nothing to compare it with',
    );
  });

  test('never passes, however long it goes well', () => {
    const windows = times(200, (i) => [rates('0/1200 0/0', i)]);
    const { verdicts } = bake([errorRate()], windows, compared([errorRate()]));
    expect(verdicts.filter(({ result }) => result !== 'inconclusive')).toEqual([]);
  });

  test('is not tolerable outside of it, and yet no proof of harm', () => {
    const judged = last(bake([errorRate()], [[rates('120/1200 0/0', 0)]], compared([errorRate()])));
    expect(judged).toMatchObject({ result: 'inconclusive', reason: 'NothingToCompare' });
    expect(judged.tolerable).toBeUndefined();
    expect(judged.sentence).toContain('outside the safe margin');
  });

  test('is held against the hour before, where no step compared it', () => {
    const { verdicts, state } = bake([errorRate()], [[withHistory('6/1200 0/0')], [rates('6/1200 0/0', 1)]]);
    expect(verdicts.map(({ tolerable }) => tolerable)).toEqual([true, true]);
    expect(wantsHistory(state)).toBe(false);
    const unknown = last(bake([errorRate()], [[rates('6/1200 0/0', 0)]]));
    expect(unknown.tolerable).toBeUndefined();
    expect(unknown.sentence).toContain('nothing known of stable before');
  });

  test('still has its ceiling', () => {
    const metrics = [errorRate({ ceiling: 0.02 })];
    const windows = times(20, (i) => [rates('120/1200 0/0', i)]);
    expect(last(bake(metrics, windows, compared(metrics)))).toMatchObject({
      result: 'fail',
      reason: 'CeilingExceeded',
    });
  });

  test('that is mostly errors stops the release, although stable gets no requests', () => {
    const windows = times(2, (i) => [rates('900/1200 0/0', i)]);
    const judged = last(bake([errorRate()], windows, compared([errorRate()])));
    expect(judged).toMatchObject({ result: 'fail', reason: 'CircuitBreaker' });
    expect(judged.sentence).toContain('with all requests on it');
  });

  test.each([
    ['no requests reach the canary', rates('0/0 0/0', 0), 'NoData'],
    ['nothing came back', missing('noData'), 'NoData'],
    ['Prometheus is away', missing('serverError'), 'PrometheusUnavailable'],
  ])('is missing where %s', (_, measurement, reason) => {
    const judged = last(bake([errorRate()], [[measurement]], compared([errorRate()])));
    expect(judged).toMatchObject({ result: 'inconclusive', reason });
    expect(judged.tolerable).toBeUndefined();
  });
});

describe('with all requests on the canary latency', () => {
  const metrics = [latency()];
  const none = histogram(0, 0.1);
  const timed = (median: number, i: number, stable = none): Measurement =>
    slow(histogram(1200, median), stable, { metric: 'latency', window: windowAt(i) });
  /** After a step in which both took 0.1 s. */
  const before = (): AnalysisState => {
    let state = startStep(undefined, 0);
    for (const i of [0, 1, 2]) {
      const measurements = [timed(0.1, i, histogram(2400, 0.1))];
      state = judgeWindow(state, { templates: [boundTo(metrics)], measurements, window: windowAt(i) }).state;
    }
    return startStep(state, 1, [boundTo(metrics)]);
  };

  test('is tolerable while it takes as long as stable did before', () => {
    const judged = last(bake(metrics, [[timed(0.1, 0)]], before()));
    expect(judged).toMatchObject({ result: 'inconclusive', reason: 'NothingToCompare', tolerable: true });
  });

  test('is not, where it takes longer; and that is no harm', () => {
    const judged = last(
      bake(
        metrics,
        times(50, (i) => [timed(0.2, i)]),
        before(),
      ),
    );
    expect(judged).toMatchObject({ result: 'inconclusive', reason: 'NothingToCompare' });
    expect(judged.tolerable).toBeUndefined();
    expect(judged.sentence).toMatch(/^canary \d.*% above 0\.\d+ \(p\d+ of stable before and the margin\);/);
  });

  test('is not, where nothing is known of stable', () => {
    const judged = last(bake(metrics, [[timed(0.1, 0)]]));
    expect(judged.tolerable).toBeUndefined();
    expect(judged.sentence).toContain('nothing known of what stable took before');
  });

  test('is missing without requests', () => {
    const judged = last(bake(metrics, [[slow(none, none, { metric: 'latency' })]], before()));
    expect(judged).toMatchObject({ result: 'inconclusive', reason: 'NoData' });
  });
});

describe('with all requests on the canary', () => {
  const fine = rates('6/1200 0/0', 0);

  test('a threshold passes or fails as ever, and a failing one is told of first', () => {
    expect(last(bake([threshold()], [[value(0.5, 0)]]))).toMatchObject({ result: 'pass' });
    const both = [errorRate(), threshold({ failureLimit: 3 })];
    const well = last(bake(both, [[fine, value(0.5, 0)]], compared(both)));
    expect(well).toMatchObject({ reason: 'NothingToCompare', tolerable: true });
    const badly = last(bake(both, [[fine, value(2, 0)]], compared(both)));
    expect(badly).toMatchObject({ result: 'inconclusive', reason: 'ThresholdNotMet' });
    expect(badly.tolerable).toBeUndefined();
    const tooOften = bake(
      both,
      times(5, (i) => [rates('6/1200 0/0', i), value(2, i)]),
      compared(both),
    );
    expect(last(tooOften)).toMatchObject({ result: 'fail', reason: 'ThresholdExceeded' });
  });

  test('a series of a stable that idles is not compared', () => {
    const metrics = [series()];
    const judged = bake(
      metrics,
      times(100, (i) => [pair(50, 1, i)]),
    );
    expect(new Set(judged.verdicts.map(({ reason }) => reason))).toEqual(new Set(['NothingToCompare']));
    expect(last(judged).tolerable).toBe(true);
    expect(last(bake(metrics, [[pair(NaN, 1, 0)]])).tolerable).toBeUndefined();
  });

  test('a few last requests at stable are compared as ever', () => {
    const windows = times(40, (i) => [rates('400/1200 0/40', i)]);
    expect(last(bake([errorRate()], windows, compared([errorRate()])))).toMatchObject({
      result: 'fail',
      reason: 'HarmDetected',
    });
  });
});
