import { describe, expect, test } from 'vitest';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { History, Measurement } from '../../../api/analysis.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import type { Calibration } from './calibration.ts';
import { inheritedState } from './inherited.ts';
import { startStep, wantsHistory } from './judge.ts';
import { histogram, latency, slow } from '../../../test/support/latency-objects.ts';
import {
  boundTo,
  errorRate,
  judgeAll,
  judgeBound,
  rates,
  threshold,
  times,
} from '../../../test/support/judge-objects.ts';

/** Bursts between the arms: the dispersion is well above 1. */
const bursty = (i: number): Measurement[] => [rates(`${i % 4 === 0 ? 12 : 0}/150 28/2850`, i)];
const former = judgeAll([errorRate()], times(40, bursty)).state;
const ofHttp = (analysis: AnalysisState, metrics: Metric[] = [errorRate()]) => ({
  templates: [boundTo(metrics)],
  analysis,
});
const calibrationOf = (state: AnalysisState | undefined): Calibration | undefined =>
  state?.metrics['errors']?.data['calibration'] as Calibration | undefined;

describe('what a release inherits', () => {
  test('is the dispersion its predecessor learnt, and no evidence', () => {
    const state = inheritedState([boundTo([errorRate()])], [ofHttp(former)]);
    const calibration = calibrationOf(state)!;
    expect(calibration.kind === 'residuals' && calibration.priors[0]?.phi).toBeGreaterThan(1.5);
    expect(state?.metrics['errors']?.data).toMatchObject({ windows: 0, harm: [], pool: [] });
    const next = judgeAll([errorRate()], [bursty(0)], startStep(state, 0)).verdicts[0]!;
    const fresh = judgeAll([errorRate()], [bursty(0)]).verdicts[0]!;
    expect(next.numbers['dispersion']).toBeGreaterThan(fresh.numbers['dispersion']!);
    expect(next.numbers['evidence']).toBeLessThan(fresh.numbers['evidence']!);
    expect(next.numbers['canaryRequests']).toBe(150);
  });

  test('is replaced by a history of its own', () => {
    const quiet: History = { stable: times(240, () => ({ total: 2850, bad: 28 })) };
    const state = startStep(inheritedState([boundTo([errorRate()])], [ofHttp(former)]), 0);
    expect(wantsHistory(state)).toBe(true);
    const [measured] = bursty(0);
    const withHistory = [{ ...measured!, history: quiet } as Measurement];
    const own = judgeAll([errorRate()], [withHistory], state).state;
    expect(calibrationOf(own)).toEqual(calibrationOf(judgeAll([errorRate()], [withHistory]).state));
  });

  test('comes from the newest former release that learnt it', () => {
    const idle = judgeAll([errorRate()], [[]]).state;
    const calm = judgeAll(
      [errorRate()],
      times(40, (i) => [rates('1.5/150 28/2850', i)]),
    ).state;
    const from = (...states: AnalysisState[]) =>
      calibrationOf(
        inheritedState(
          [boundTo([errorRate()])],
          states.map((state) => ofHttp(state)),
        ),
      );
    expect(from(former, calm)).toEqual(from(former));
    expect(from(calm, former)).toEqual(from(calm));
    expect(from(idle, former)).toEqual(from(former));
    expect(from(calm)).not.toEqual(from(former));
  });

  test.each([
    ['there is no former release', []],
    ['it measured nothing', [ofHttp(judgeAll([errorRate()], [[]]).state)]],
    ['it had no such metric', [ofHttp(former, [errorRate({ name: 'writes' })])]],
    [
      'its metric was of another template',
      [{ templates: [{ ...boundTo([errorRate()]), use: { template: 'grpc', args: {} } }], analysis: former }],
    ],
    ['its metric was of another kind', [ofHttp(former, [threshold({ name: 'errors' })])]],
  ])('is nothing if %s', (why, formers) => {
    const metrics = why.includes('kind') ? [threshold({ name: 'errors' })] : [errorRate()];
    expect(inheritedState([boundTo(metrics)], formers)).toBeUndefined();
  });

  test('of latency goes by quantile', () => {
    const metric = latency({ name: 'slow', quantiles: [0.5, 0.99] });
    const windows = times(40, (i): Measurement[] => [
      slow(histogram(150, i % 4 === 0 ? 0.3 : 0.1), histogram(2850, 0.1), { metric: 'slow' }),
    ]);
    const before = judgeBound(boundTo([metric]), windows).state;
    const other = latency({ name: 'slow', quantiles: [0.9, 0.99] });
    const state = inheritedState([boundTo([other])], [ofHttp(before, [metric])])!;
    const thresholds = state.metrics['slow']?.data['thresholds'] as {
      quantile: number;
      windows: number;
      calibration: { priors: { phi: number }[] };
    }[];
    expect(thresholds.map(({ quantile, windows: counted }) => [quantile, counted])).toEqual([
      [0.9, 0],
      [0.99, 0],
    ]);
    expect(thresholds[0]?.calibration.priors[0]?.phi).toBe(1);
    expect(thresholds[1]?.calibration.priors[0]?.phi).toBeGreaterThan(1);
    expect(
      judgeBound(boundTo([other]), [windows[1]!], startStep(state, 0)).verdicts[0]?.sentence,
    ).not.toMatch(/NaN/);
  });
});
