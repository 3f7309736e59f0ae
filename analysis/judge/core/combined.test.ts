import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../api/analysis.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import { startStep } from './judge.ts';
import {
  errorRate,
  judgeAll,
  missing,
  rates,
  results,
  threshold,
  times,
  value,
} from '../../../test/support/judge-objects.ts';

const reads = (change = {}): Metric => errorRate({ name: 'reads', ...change });
const writes = (change = {}): Metric => errorRate({ name: 'writes', ...change });
const bad = (i: number, name = 'reads'): Measurement => rates('7/150 28/2850', i, name);
const good = (i: number, name = 'writes'): Measurement => rates('1/150 28/2850', i, name);
/** One window of a bad `reads` and a good `writes`. */
const first = (metrics: Metric[]) => judgeAll(metrics, [[bad(0), good(0)]]).verdicts[0]!;

describe('harm of several metrics', () => {
  test('weights say whose evidence counts how much', () => {
    expect(first([reads(), writes()]).result).toBe('inconclusive');
    expect(first([reads({ weight: 1000 }), writes()])).toMatchObject({
      result: 'fail',
      reason: 'HarmDetected',
    });
    expect(first([reads(), writes({ weight: 1000 })]).result).toBe('inconclusive');
    const three = [reads({ weight: 3 }), writes({ weight: 3 })];
    expect(first(three)).toEqual(first([reads(), writes()]));
  });

  test('one that alone would stop the release says why it does not', () => {
    const verdict = first([reads(), writes()]);
    expect(verdict.reason).toBe('MoreDataNeeded');
    expect(verdict.numbers['combinedEvidence']).toBeLessThan(20);
    expect(verdict.numbers['evidence']).toBeGreaterThan(20);
    expect(verdict.sentence).toMatch(
      /^reads: canary 4\.67% errors .* by itself it would stop the release, but the evidence of 2 metrics together is 1\d(\.\d)? of 20$/,
    );
  });

  test('the verdict tells of the metric with the largest share, and of both together', () => {
    const windows = times(2, (i) => [bad(i), bad(i, 'writes')]);
    const { verdicts } = judgeAll([reads(), writes({ weight: 2 })], windows);
    expect(verdicts[0]?.result).toBe('fail');
    expect(verdicts[0]?.sentence).toMatch(
      /^writes: .*; 2 metrics together: evidence 20\.4 against a bar of 20$/,
    );
  });

  test('a metric below its bar may have the largest share', () => {
    const windows = [[rates('6.9/150 28/2850', 0, 'reads'), rates('9/150 28/2850', 0, 'writes')]];
    const { verdicts, state } = judgeAll([reads({ weight: 10 }), writes()], windows);
    expect(state.verdicts.map(({ result }) => result)).toEqual(['inconclusive', 'fail']);
    expect(verdicts[0]?.result).toBe('fail');
    expect(verdicts[0]?.sentence).toMatch(/^2 metrics together show harm .* most of it reads: /);
  });

  test('a metric that is not critical withholds the pass and rolls nothing back', () => {
    const metrics = [reads({ critical: false }), writes()];
    const { verdicts, state } = judgeAll(
      metrics,
      times(80, (i) => [bad(i), rates('1.5/150 28.5/2850', i, 'writes')]),
    );
    expect(results(verdicts)).toMatch(/^i+$/);
    expect(state.verdicts.map(({ result }) => result)).toEqual(['fail', 'pass']);
    expect(verdicts.at(-1)).toMatchObject({ reason: 'PassWithheld' });
    expect(verdicts.at(-1)?.tolerable).toBeUndefined();
    const breaking = judgeAll(
      metrics,
      times(4, (i) => [rates('140/150 28/2850', i, 'reads'), good(i)]),
    );
    expect(results(breaking.verdicts)).toBe('iiii');
  });

  test('a metric that is not critical does not water down the evidence of one that is', () => {
    expect(first([reads(), writes({ critical: false })])).toMatchObject({ result: 'fail' });
  });

  test('a dry run neither fails nor waters down', () => {
    expect(first([reads(), writes({ dryRun: true })])).toMatchObject({ result: 'fail' });
    expect(first([reads({ dryRun: true }), writes()]).result).toBe('inconclusive');
  });
});

describe('an inconclusive verdict is tolerable', () => {
  const tolerable = (metrics: Metric[], ...measurements: Measurement[]): boolean | undefined => {
    const { verdicts } = judgeAll(metrics, [measurements]);
    expect(verdicts[0]?.result).toBe('inconclusive');
    return verdicts[0]?.tolerable;
  };
  const seen = (text: string): Measurement => rates(text, 0, 'reads');

  test('if nothing speaks for harm and the rates lie inside the safe margin', () => {
    expect(tolerable([reads()], seen('1/150 28/2850'))).toBe(true);
    expect(tolerable([reads()], seen('0/150 0/2850'))).toBe(true);
  });

  test.each([
    ['evidence speaks for harm', '3/150 28/2850'],
    ['the rate lies outside the safe margin', '1/40 28/2850'],
    ['no requests reached the canary', '0/0 28/2850'],
    ['no requests reached stable', '0/150 0/0'],
  ])('but not if %s', (_, text) => {
    expect(tolerable([reads()], seen(text))).toBeUndefined();
  });

  test('but not if an earlier step speaks for harm, however good this one looks', () => {
    const before = judgeAll([reads()], [[seen('6/150 28/2850')]]).state;
    const next = judgeAll([reads()], [[seen('0/20 28/2850')]], startStep(before, 1)).verdicts[0]!;
    expect(next).toMatchObject({ result: 'inconclusive', reason: 'MoreDataNeeded' });
    expect(next.numbers['evidence']).toBeGreaterThan(1);
    expect(next.tolerable).toBeUndefined();
  });

  test('but not if any deciding metric has no data in this window', () => {
    expect(tolerable([reads(), threshold()], seen('1/150 28/2850'), value(0.5, 0))).toBe(true);
    const gap = { ...missing('noData'), metric: 'latency' };
    expect(tolerable([reads(), threshold()], seen('1/150 28/2850'), gap)).toBeUndefined();
    expect(tolerable([reads()], missing('noData'))).toBeUndefined();
    expect(tolerable([reads(), threshold({ dryRun: true })], seen('1/150 28/2850'), gap)).toBe(true);
  });

  test('but not if a threshold failed, however often that is forgiven', () => {
    const forgiving = threshold({ failureLimit: 5 });
    expect(tolerable([reads(), forgiving], seen('1/150 28/2850'), value(2, 0))).toBeUndefined();
  });

  test('but not if nothing may decide', () => {
    expect(tolerable([reads({ dryRun: true })], seen('1/150 28/2850'))).toBeUndefined();
  });

  test('counts of an earlier step do not excuse those of this one', () => {
    const before = judgeAll([reads()], [[seen('0/200 28/2850')]]).state;
    const more = judgeAll([reads()], [[rates('1/40 28/2850', 1, 'reads')]], before);
    expect(more.verdicts[0]?.tolerable).toBe(true);
    const next = judgeAll([reads()], [[seen('1/40 28/2850')]], startStep(before, 1));
    expect(next.verdicts[0]?.numbers['evidence']).toBeLessThan(1);
    expect(next.verdicts[0]?.tolerable).toBeUndefined();
  });
});
