import { describe, expect, test } from 'vitest';
import type { BadOutcome } from '../../api/analysis.ts';
import { startStep } from './judge.ts';
import type { Course } from './test-objects.ts';
import { judgeAll, missing, results, threshold, value } from './test-objects.ts';

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
    expect(verdicts[1]?.reason).toBe('ThresholdExceeded');
  });

  test('failures are remembered in the next step', () => {
    const first = course({ failureLimit: 1 }, 2);
    const second = judgeAll([threshold({ failureLimit: 1 })], [[value(2, 0)]], startStep(first.state, 1));
    expect(results(second.verdicts)).toBe('f');
  });
});
