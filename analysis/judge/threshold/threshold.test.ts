import { describe, expect, test } from 'vitest';
import type { BadOutcome } from '../../../api/analysis.ts';
import { startStep } from '../core/judge.ts';
import type { Course } from '../../../test/support/judge-objects.ts';
import { judgeAll, missing, results, threshold, value } from '../../../test/support/judge-objects.ts';

describe('thresholds', () => {
  const course = (
    change: Parameters<typeof threshold>[0],
    ...values: (number | [number, number] | BadOutcome)[]
  ): Course =>
    judgeAll(
      [threshold(change)],
      values.map((each, i) => [
        typeof each === 'string'
          ? { ...missing(each), metric: 'latency' }
          : Array.isArray(each)
            ? value(each[0], i, each[1])
            : value(each, i),
      ]),
    );

  test('one failure over the limit stops the release', () => {
    const { verdicts } = course({}, 0.5, 1.5);
    expect(results(verdicts)).toBe('pf');
    expect(verdicts[1]).toMatchObject({ reason: 'ThresholdExceeded' });
    expect(verdicts[1]?.sentence).toBe(
      'value 1.5 meets value > 1: once without a success between, 0 tolerated',
    );
  });

  test('a success forgives earlier failures, so a long release fails no more often than a short one', () => {
    expect(results(course({ failureLimit: 1 }, 2, 0, 2, 0, 2, 0, 2, 2).verdicts)).toBe('ipipipif');
  });

  test('a gap neither forgives nor fails', () => {
    expect(results(course({ failureLimit: 1 }, 2, 'noData', 'timeout', 2).verdicts)).toBe('iiif');
  });

  test('between success and failure it is inconclusive', () => {
    const { verdicts } = course({ success: 'value < 0.5', inconclusiveLimit: 1 }, 0.7, 0.7, 0.4, 1.1);
    expect(results(verdicts)).toBe('iipf');
    expect(verdicts.map(({ reason }) => reason).slice(0, 2)).toEqual(['ThresholdNotMet', 'Inconclusive']);
  });

  test('a success condition alone fails whatever does not meet it', () => {
    const only = threshold({ success: 'canary <= stable * 1.2' });
    delete only.failure;
    const { verdicts } = judgeAll([only], [[value(1.1, 0, 1)], [value(1.3, 1, 1)]]);
    expect(results(verdicts)).toBe('pf');
    expect(verdicts[1]?.sentence).toContain('value 1.3 (stable 1) does not meet canary <= stable * 1.2');
  });

  test('a condition about stable needs a value of stable', () => {
    const { verdicts } = course({ failure: 'canary > stable * 2' }, 1, [1, 1]);
    expect(results(verdicts)).toBe('ip');
  });

  test.each([
    ['inconclusive', 'i', 'i'],
    ['fail', 'f', 'f'],
  ] as const)('nan: %s decides what NaN means', (nan, measured, computed) => {
    expect(results(course({ nan }, 'nan').verdicts)).toBe(measured);
    expect(results(course({ nan, failure: 'canary / stable > 2' }, [0, 0]).verdicts)).toBe(computed);
  });

  test('failures of a metric that is not critical forbid promotion and do not roll back', () => {
    const { verdicts } = course({ critical: false }, 2, 2, 0);
    expect(results(verdicts)).toBe('iip');
    expect(verdicts[1]).toMatchObject({
      reason: 'PassWithheld',
      sentence:
        'value 2 meets value > 1: 2 times without a success between, 0 tolerated; the metric is not critical, so it withholds the pass and rolls nothing back',
    });
  });

  test('counted in total, a success forgives nothing', () => {
    const { verdicts } = course({ failureLimit: 1, counting: 'total' }, 2, 0, 0, 2);
    expect(results(verdicts)).toBe('ippf');
    expect(verdicts[3]?.sentence).toBe('value 2 meets value > 1: 2 times in this release, 1 tolerated');
  });

  test('counted in total, too many failures of a metric that is not critical withhold the pass for good', () => {
    const change = { counting: 'total', critical: false, success: 'value < 0.5' } as const;
    const { verdicts, state } = course(change, 2, 0, 0.7);
    expect(results(verdicts)).toBe('iii');
    expect(state.verdicts[0]).toMatchObject({ result: 'fail', reason: 'ThresholdExceeded' });
    expect(state.verdicts[0]?.sentence).toContain('in this release');
    expect(verdicts[1]?.sentence).toContain('but it failed once in this release, 0 tolerated; the metric is');
  });

  test('missing data fails only beyond consecutiveErrorLimit, and only in a row', () => {
    const { verdicts } = course({ consecutiveErrorLimit: 1 }, 'noData', 0, 'timeout', 'noData');
    expect(results(verdicts)).toBe('ipif');
    expect(verdicts[3]).toMatchObject({ reason: 'ErrorLimitExceeded', numbers: { errors: 2 } });
    expect(verdicts[3]?.sentence).toBe(
      'no usable value 2 times in a row, 1 tolerated; the last time: nothing came back',
    );
  });

  test('a condition that cannot be computed counts as missing', () => {
    const change = { failure: 'canary / stable > 2', consecutiveErrorLimit: 0 };
    expect(results(course(change, [0, 0]).verdicts)).toBe('f');
  });

  test('without consecutiveErrorLimit missing data never fails and never passes', () => {
    const windows = Array.from({ length: 50 }, () => 'noData' as const);
    expect(results(course({}, 0, ...windows).verdicts)).toBe(`p${'i'.repeat(50)}`);
  });

  test('statistics of an older layout are read on', () => {
    const state = startStep(undefined, 0);
    const old = { version: 1, type: 'threshold', data: { failures: 1, inconclusives: 0 } } as const;
    const from = { ...state, metrics: { latency: old } };
    expect(results(judgeAll([threshold({ failureLimit: 1 })], [[value(2, 0)]], from).verdicts)).toBe('f');
  });

  test('failures are remembered in the next step', () => {
    const first = course({ failureLimit: 1 }, 2);
    const second = judgeAll([threshold({ failureLimit: 1 })], [[value(2, 0)]], startStep(first.state, 1));
    expect(results(second.verdicts)).toBe('f');
  });
});
