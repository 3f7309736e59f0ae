import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { Measurement } from '../../../api/analysis.ts';
import { isReason } from '../../../api/reasons.ts';
import { judgeWindow, startStep, wantsHistory } from './judge.ts';
import type { Course } from '../../../test/support/judge-objects.ts';
import {
  boundTo,
  errorRate,
  judgeAll,
  missing,
  rates,
  results,
  times,
  value,
  windowAt,
} from '../../../test/support/judge-objects.ts';

describe('error rates', () => {
  test('ten times the errors of stable stop a release in at most two windows', () => {
    const { verdicts } = judgeAll(
      [errorRate()],
      times(2, (i) => [rates('15/150 28/2850', i)]),
    );
    expect(verdicts.at(-1)?.result).toBe('fail');
    expect(verdicts.at(-1)?.reason).toBe('HarmDetected');
  });

  test('the same errors as stable are proven safe after some minutes, and never before they are', () => {
    const { verdicts } = judgeAll(
      [errorRate()],
      times(80, (i) => [rates('1.5/150 28.5/2850', i)]),
    );
    expect(results(verdicts)).toMatch(/^i{8,}p+$/);
    expect(verdicts.at(-1)?.reason).toBe('SafeProven');
  });

  test('a service without a single error can be promoted', () => {
    const { verdicts } = judgeAll(
      [errorRate()],
      times(80, (i) => [rates('0/150 0/2850', i)]),
    );
    expect(results(verdicts)).toMatch(/^i+p+$/);
  });

  test('one and a half times the errors of stable is never proven safe', () => {
    const { verdicts } = judgeAll(
      [errorRate()],
      times(60, (i) => [rates('6/200 59/3800', i)]),
    );
    expect(results(verdicts)).not.toContain('p');
  });

  test('the sentence says counts, rates and evidence', () => {
    const { verdicts } = judgeAll([errorRate()], [[rates('102/2000 95/19000', 0)]]);
    expect(verdicts[0]?.sentence).toBe(
      'canary 5.1% errors (102/2000) against 0.5% (95/19000): harm is certain enough to stop (evidence more than a million against a bar of 20)',
    );
    const waiting = judgeAll([errorRate()], [[rates('1/240 23/4560', 0)]]).verdicts[0];
    expect(waiting?.sentence).toMatch(
      /^canary 0\.417% errors \(1\/240\) against 0\.504% \(23\/4560\) in this step: not decided yet \(harm 0\.\d+ of 20, safe [\d.]+ of 10\); at least \d+ more canary requests needed, \d+m\d+s at the present rate$/,
    );
  });

  test('the numbers behind a verdict are all there and all finite', () => {
    const { numbers } = judgeAll([errorRate()], [[rates('3/150 28/2850', 0)]]).verdicts[0]!;
    expect(numbers).toMatchObject({
      canaryRequests: 150,
      canaryErrors: 3,
      canaryRate: 0.02,
      bar: 20,
      safeBar: 10,
    });
    expect(numbers['ratioLow']!).toBeLessThan(numbers['ratio']!);
    expect(numbers['ratioHigh']!).toBeGreaterThan(numbers['ratio']!);
    for (const number of Object.values(numbers)) expect(Number.isFinite(number)).toBe(true);
  });

  test('"≈N more requests needed" is about right: that many more at the same rates are enough', () => {
    const window = (i: number): Measurement[] => [rates('1.5/150 28.5/2850', i)];
    const { verdicts, state } = judgeAll([errorRate()], times(10, window));
    const needed = verdicts.at(-1)!.numbers['neededCanaryRequests']!;
    const more = Math.ceil(needed / 150);
    const later = judgeAll([errorRate()], times(more, window), state);
    expect(results(later.verdicts)).toContain('p');
    expect(results(later.verdicts).indexOf('p')).toBeGreaterThan(more * 0.6);
  });

  test('several metrics: harm is judged by the mean of their evidence', () => {
    const two = [errorRate(), errorRate({ name: 'writes' })];
    const quiet = (i: number): Measurement => rates('1/150 28/2850', i, 'writes');
    const bad = judgeAll(two, [
      [rates('15/150 28/2850', 0), quiet(0)],
      [rates('15/150 28/2850', 1), quiet(1)],
    ]);
    expect(bad.verdicts.at(-1)?.result).toBe('fail');
    expect(bad.verdicts.at(-1)?.sentence).toMatch(/^errors: canary 10% errors/);
    const alone = judgeAll([errorRate()], [[rates('7/150 28/2850', 0)]]).verdicts[0]!.numbers['evidence']!;
    expect(alone).toBeGreaterThan(20);
    expect(alone).toBeLessThan(36);
    const diluted = judgeAll(two, [[rates('7/150 28/2850', 0), quiet(0)]]);
    expect(diluted.verdicts[0]?.result).toBe('inconclusive');
  });

  test('several metrics: all must be safe before a pass', () => {
    const two = [errorRate(), errorRate({ name: 'writes' })];
    const { verdicts } = judgeAll(
      two,
      times(80, (i) => [rates('1.5/150 28.5/2850', i), rates('0/10 0/190', i, 'writes')]),
    );
    expect(results(verdicts)).toMatch(/^i+$/);
    expect(verdicts.at(-1)?.sentence).toMatch(/^writes: /);
  });

  test('a dry run is measured and shown and never decides', () => {
    const dry = [errorRate(), errorRate({ name: 'writes', dryRun: true })];
    const { verdicts, state } = judgeAll(
      dry,
      times(80, (i) => [rates('1.5/150 28.5/2850', i), rates('100/150 0/2850', i, 'writes')]),
    );
    expect(results(verdicts)).toMatch(/^i+p+$/);
    expect(state.verdicts.find(({ metric }) => metric === 'writes')?.result).toBe('fail');
    const only = judgeAll(
      [errorRate({ dryRun: true })],
      times(80, (i) => [rates('0/150 0/2850', i)]),
    );
    expect(only.verdicts.at(-1)).toMatchObject({ result: 'inconclusive', reason: 'NothingMeasured' });
  });

  test('mostly errors in two windows stop a release whatever the statistics say', () => {
    const cautious = errorRate({
      harmMargin: { relative: 100, absolute: 0.9 },
      safeMargin: { relative: 0.5, absolute: 1e-3 },
    });
    const { verdicts } = judgeAll(
      [cautious],
      times(2, (i) => [rates('90/150 28/2850', i)]),
    );
    expect(verdicts.map(({ reason }) => reason)).toEqual(['MoreDataNeeded', 'CircuitBreaker']);
    const shared = judgeAll(
      [cautious],
      times(3, (i) => [rates('90/150 1500/2850', i)]),
    );
    expect(results(shared.verdicts)).not.toContain('f');
    const few = judgeAll(
      [cautious],
      times(3, (i) => [rates('10/12 1/200', i)]),
    );
    expect(results(few.verdicts)).not.toContain('f');
  });
});

describe('no data is never a pass', () => {
  const safe = judgeAll(
    [errorRate()],
    times(80, (i) => [rates('1.5/150 28.5/2850', i)]),
  );

  test.each([
    ['noData', 'NoData'],
    ['nan', 'NotANumber'],
    ['severalSeries', 'SeveralSeries'],
    ['serverError', 'PrometheusUnavailable'],
    ['timeout', 'PrometheusTimeout'],
    ['badQuery', 'BadQuery'],
  ] as const)('%s is inconclusive, leaves the statistics alone and is counted', (outcome, reason) => {
    expect(safe.verdicts.at(-1)?.result).toBe('pass');
    const { verdicts, state } = judgeAll([errorRate()], [[missing(outcome)], [missing(outcome)]], safe.state);
    expect(verdicts[1]).toMatchObject({ result: 'inconclusive', reason, sentence: 'nothing came back' });
    expect(state.gaps).toBe(2);
    expect(state.metrics).toEqual(safe.state.metrics);
    const back = judgeAll([errorRate()], [[rates('1.5/150 28.5/2850', 0)]], state);
    expect(back.state.gaps).toBe(0);
    expect(back.verdicts[0]?.result).toBe('pass');
  });

  test.each([
    ['a metric that was not measured', []],
    ['a measurement of another kind', [{ ...value(1, 0), metric: 'errors' }]],
    ['impossible counts', [rates('5/2 0/100', 0)]],
    ['NaN counts', [rates('NaN/150 0/100', 0)]],
    ['no canary requests', [rates('0/0 28/2850', 0)]],
    ['no stable requests', [rates('0/150 0/0', 0)]],
  ])('%s is inconclusive', (_, measurements) => {
    const { verdicts, state } = judgeAll([errorRate()], [measurements], safe.state);
    expect(verdicts[0]?.result).toBe('inconclusive');
    expect(state.gaps).toBe(1);
    const data = (each: AnalysisState): unknown => [
      each.metrics['errors']?.data['harm'],
      each.metrics['errors']?.data['safe'],
    ];
    expect(data(state)).toEqual(data(safe.state));
  });
});

describe('steps', () => {
  const bad = (i: number): Measurement[] => [rates('4/150 28/2850', i)];

  test('evidence of harm is carried into the next step', () => {
    const whole = judgeAll([errorRate()], times(6, bad));
    const first = judgeAll([errorRate()], times(3, bad));
    const second = judgeAll([errorRate()], times(3, bad), startStep(first.state, 1));
    const evidence = (course: Course): unknown => course.verdicts.at(-1)?.numbers['evidence'];
    expect(evidence(second)).toBe(evidence(whole));
    expect(second.state.step).toBe(1);
  });

  test('evidence of safety is not: each step proves itself', () => {
    const first = judgeAll(
      [errorRate()],
      times(80, (i) => [rates('1.5/150 28.5/2850', i)]),
    );
    expect(first.verdicts.at(-1)?.result).toBe('pass');
    const next = startStep(first.state, 1);
    expect(next.measuredUntilMs).toBe(first.state.measuredUntilMs);
    expect(next.verdicts).toEqual([]);
    const second = judgeAll([errorRate()], [[rates('1.5/150 28.5/2850', 0)]], next);
    expect(second.verdicts[0]).toMatchObject({ result: 'inconclusive', reason: 'MoreDataNeeded' });
  });
});

describe('safeEvidence: cumulative', () => {
  const quiet = (i: number): Measurement[] => [rates('0/100 0/1900', i)];
  const first = judgeAll([errorRate()], times(10, quiet));
  const next = (safeEvidence: 'perStep' | 'cumulative') =>
    startStep(first.state, 1, [boundTo([errorRate()], { safeEvidence })]);

  test('keeps evidence of safety through the steps', () => {
    const before = first.verdicts.at(-1)!.numbers['safeEvidence']!;
    const kept = judgeAll([errorRate()], [quiet(0)], next('cumulative')).verdicts[0]!;
    const anew = judgeAll([errorRate()], [quiet(0)], next('perStep')).verdicts[0]!;
    expect(kept.numbers['safeEvidence']).toBeGreaterThan(before);
    expect(anew.numbers['safeEvidence']).toBeLessThan(before);
    expect(kept.numbers['evidence']).toBe(anew.numbers['evidence']);
  });
});

describe('state', () => {
  test('it survives a restart byte for byte', () => {
    const windows = times(12, (i) => [rates(`${i % 3}/150 ${25 + i}/2850`, i)]);
    const whole = judgeAll([errorRate()], windows);
    const half = judgeAll([errorRate()], windows.slice(0, 6));
    const restored = JSON.parse(JSON.stringify(half.state)) as AnalysisState;
    const rest = judgeAll([errorRate()], windows.slice(6), restored);
    expect(JSON.stringify(rest.state)).toBe(JSON.stringify(whole.state));
  });

  test('it stays small', () => {
    const { state } = judgeAll(
      [errorRate()],
      times(240, (i) => [rates(`${i % 4}/${100 + i} 28/2850`, i)]),
    );
    expect(JSON.stringify(state.metrics).length).toBeLessThan(4096);
  });

  test('a window that was judged before changes nothing', () => {
    const { state } = judgeAll([errorRate()], [[rates('15/150 28/2850', 0)]]);
    const again = judgeWindow(state, {
      templates: [boundTo([errorRate()])],
      measurements: [rates('15/150 28/2850', 0)],
      window: windowAt(0),
    });
    expect(again.state).toBe(state);
    expect(again.verdict.result).toBe('inconclusive');
  });

  test('broken statistics never pass, whatever is broken about them', () => {
    const good = judgeAll(
      [errorRate()],
      times(80, (i) => [rates('1.5/150 28.5/2850', i)]),
    );
    const metric = good.state.metrics['errors']!;
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(metric.data)), fc.jsonValue(), (key, broken) => {
        const state = {
          ...good.state,
          metrics: { errors: { ...metric, data: { ...metric.data, [key]: broken } } },
        };
        const { verdicts, state: after } = judgeAll([errorRate()], [[rates('1.5/150 28.5/2850', 0)]], state);
        expect(verdicts[0]?.sentence).not.toMatch(/NaN|undefined|Infinity/);
        expect(JSON.stringify(after.metrics['errors']?.data)).not.toContain('null');
        const { unread } = after.metrics['errors']!;
        expect(verdicts[0]?.result === 'pass' && unread !== undefined).toBe(false);
      }),
    );
    const emptied = { ...good.state, metrics: { errors: { ...metric, data: {} } } };
    const { verdicts } = judgeAll([errorRate()], [[rates('1.5/150 28.5/2850', 0)]], emptied);
    expect(verdicts[0]?.result).toBe('inconclusive');
  });

  test('those of an older layout as well, in the middle of a release: slower, never bolder', () => {
    const good = judgeAll(
      [errorRate()],
      times(80, (i) => [rates('1.5/150 28.5/2850', i)]),
    );
    const { safeWindows, ...rest } = good.state.metrics['errors']!.data;
    const older = { ...good.state.metrics['errors']!, data: { ...rest, stepWindows: safeWindows } };
    const state = { ...good.state, metrics: { errors: older } };
    expect(good.verdicts.at(-1)?.result).toBe('pass');
    expect(wantsHistory(state)).toBe(true);
    const next = judgeAll([errorRate()], [[rates('1.5/150 28.5/2850', 80)]], state);
    expect(next.verdicts[0]).toMatchObject({
      result: 'inconclusive',
      reason: 'StateUnreadable',
      numbers: { canaryRequests: 150 },
    });
    const gap = judgeAll([errorRate()], [[missing('noData')]], state).verdicts[0];
    expect(gap).toMatchObject({ result: 'inconclusive', reason: 'NoData' });
    expect(gap?.tolerable).toBeFalsy();
  });

  test('finite counts of any size never give NaN, and every reason is a known one', () => {
    const size = fc.oneof(
      fc.constantFrom(0, 5e-324, 1e12),
      fc.double({ min: 0, max: 1e12, noNaN: true }),
      fc.nat(1000),
    );
    const arm = fc.tuple(size, fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.tuple(arm, arm), { minLength: 1, maxLength: 6 }), (windows) => {
        const { verdicts, state } = judgeAll(
          [errorRate()],
          windows.map(([[n1, p1], [n0, p0]], i) => [
            {
              metric: 'errors',
              window: windowAt(i),
              outcome: 'ok',
              kind: 'counts',
              canary: { total: n1, bad: n1 * p1 },
              stable: { total: n0, bad: n0 * p0 },
            },
          ]),
        );
        expect(JSON.stringify(state)).not.toContain('null');
        for (const verdict of verdicts) {
          expect(isReason(verdict.reason)).toBe(true);
          expect(verdict.sentence).not.toMatch(/NaN|undefined|Infinity/);
          for (const number of Object.values(verdict.numbers)) expect(Number.isFinite(number)).toBe(true);
        }
      }),
    );
  });
});
