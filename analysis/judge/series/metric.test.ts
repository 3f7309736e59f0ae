import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { Measurement } from '../../../api/analysis.ts';
import { isReason } from '../../../api/reasons.ts';
import { judgeWindow, startStep } from '../core/judge.ts';
import type { SeriesData } from './state.ts';
import {
  boundTo,
  errorRate,
  judgeAll,
  missing,
  pair,
  rates,
  results,
  series,
  times,
  windowAt,
} from '../../../test/support/judge-objects.ts';

const METHODS = ['kayenta', 'welch', 'mannWhitney', 'kolmogorovSmirnov'] as const;
/** Values that differ a little, canary shifted by `shift`. */
const windows = (n: number, shift: number, scale = 1): Measurement[][] =>
  times(n, (i) => [pair((10 + ((i * 7) % 5) * 0.1 + shift) * scale, (10 + ((i * 3) % 5) * 0.1) * scale, i)]);
const gap: Measurement[] = [{ ...missing('noData'), metric: 'load' }];
const long = (method: (typeof METHODS)[number], looks = 2) => ({ method, looks, horizonMs: 600_000 });

describe.each(METHODS)('a series at planned looks (%s)', (method) => {
  const metric = (change = {}) => series({ test: long(method), ...change });

  test('between looks nothing is decided, and the sentence says when the next one is', () => {
    const { verdicts } = judgeAll([metric()], windows(3, 5));
    expect(results(verdicts)).toBe('iii');
    expect(verdicts[2]).toMatchObject({ reason: 'MoreDataNeeded', numbers: { look: 0, looks: 2 } });
    expect(verdicts[2]?.sentence).toBe(
      'look 1 of 2 comes after 5m of 10m, 45s measured in this step; not safe to peek before',
    );
  });

  test('harm in the harmful direction stops the release at the first look and stays', () => {
    const { verdicts, state } = judgeAll([metric()], windows(20, 5));
    expect(results(verdicts)).toBe(`${'i'.repeat(19)}f`);
    expect(verdicts[19]).toMatchObject({ reason: 'HarmDetected', numbers: { look: 1, canaryValues: 20 } });
    expect(verdicts[19]?.sentence).toMatch(/^canary is higher than stable: .*, at look 1 of 2$/);
    const later = judgeAll([metric()], [...windows(30, -20), gap], state);
    expect(results(later.verdicts)).toBe('f'.repeat(31));
    expect(later.verdicts[29]?.sentence).toBe(verdicts[19]?.sentence);
  });

  test('the other direction is no harm, unless either is', () => {
    const { verdicts } = judgeAll([metric()], windows(40, -5));
    expect(results(verdicts)).toBe(`${'i'.repeat(39)}p`);
    expect(results(judgeAll([metric({ direction: 'decrease' })], windows(20, -5)).verdicts)).toMatch(/^i+f$/);
    const either = judgeAll([metric({ direction: 'either' })], windows(20, -5));
    expect(either.verdicts.at(-1)?.sentence).toMatch(/^canary is lower than stable/);
    expect(results(either.verdicts)).toMatch(/^i+f$/);
  });

  test('after the last look it passes, as absence of evidence, and no more looks are taken', () => {
    const course = judgeAll([metric()], windows(40, 0));
    expect(results(course.verdicts)).toBe(`${'i'.repeat(39)}p`);
    expect(course.verdicts[30]?.sentence).toMatch(/at look 1 of 2; look 2 of 2 comes after 10m of 10m/);
    expect(course.verdicts[39]).toMatchObject({ reason: 'NoHarmDetected', numbers: { look: 2, looks: 2 } });
    expect(course.verdicts[39]?.sentence).toContain('absence of evidence, not proof of safety');
    expect(course.state.metrics['load']?.data).toMatchObject({ canary: [], stable: [] });
    expect(results(judgeAll([metric()], windows(40, 5), course.state).verdicts)).toBe('p'.repeat(40));
    expect(results(judgeAll([metric()], [gap], course.state).verdicts)).toBe('i');
  });

  test('each step begins with values and looks of its own', () => {
    const first = judgeAll([metric()], windows(40, 0));
    const second = judgeAll([metric()], windows(20, 5), startStep(first.state, 1));
    expect(results(second.verdicts)).toBe(`${'i'.repeat(19)}f`);
  });

  test('without data it never passes, whatever is missing and however long', () => {
    const nan = [pair(NaN, 1, 0)];
    const other = [rates('0/10 0/10', 0, 'load')];
    const { verdicts } = judgeAll([metric()], [...times(60, () => gap), nan, other, []]);
    expect(results(verdicts)).toBe('i'.repeat(63));
    expect(verdicts.slice(60).map(({ reason }) => reason)).toEqual(['NotANumber', 'BadQuery', 'NoData']);
  });

  test('a dry run is looked at and never decides', () => {
    const both = [metric({ dryRun: true }), errorRate()];
    const { verdicts, state } = judgeAll(
      both,
      times(80, (i) => [...windows(80, 5)[i]!, rates('1.5/150 28.5/2850', i)]),
    );
    expect(results(verdicts)).toMatch(/^i+p+$/);
    expect(state.verdicts[0]).toMatchObject({ metric: 'load', dryRun: true, result: 'fail' });
  });

  test('a metric that is not critical withholds the pass', () => {
    const { verdicts } = judgeAll([metric({ critical: false })], windows(40, 5));
    expect(results(verdicts)).toBe('i'.repeat(40));
    expect(verdicts.at(-1)?.reason).toBe('PassWithheld');
  });

  test('the state survives a restart byte for byte, and is small', () => {
    const all = windows(40, 0.01);
    const whole = judgeAll([metric()], all);
    for (const cut of [5, 25, 40]) {
      const half = judgeAll([metric()], all.slice(0, cut));
      expect(JSON.stringify(half.state.metrics).length).toBeLessThan(1200);
      const restored = JSON.parse(JSON.stringify(half.state)) as AnalysisState;
      const rest = judgeAll([metric()], all.slice(cut), restored);
      expect(JSON.stringify(rest.state)).toBe(JSON.stringify(cut === 40 ? restored : whole.state));
    }
  });

  test('no finite values make it throw or answer NaN', () => {
    const one = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -2, max: 2 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(one, one), { minLength: 1, maxLength: 10 }), (values) => {
        const looking = metric({ test: { method, looks: 5, horizonMs: 75_000 } });
        const { verdicts, state } = judgeAll(
          [looking],
          values.map(([canary, stable], i) => [pair(canary, stable, i)]),
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

  test('broken statistics never pass', () => {
    const good = judgeAll([metric()], windows(25, 0));
    const stored = good.state.metrics['load']!;
    const wrong = fc.jsonValue().filter((value) => typeof value !== 'number' || value < 0);
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(stored.data)), wrong, (key, broken) => {
        const data = { ...stored.data, [key]: broken };
        const state = { ...good.state, metrics: { load: { ...stored, data } } };
        const { verdicts } = judgeAll([metric()], windows(1, 0), state);
        expect(verdicts[0]?.result).not.toBe('pass');
        expect(verdicts[0]?.sentence).not.toMatch(/NaN|undefined|Infinity/);
      }),
    );
  });
});

describe('looks', () => {
  /** Numbers of the verdict at the first look of a release with `steps` steps. */
  const at = (method: (typeof METHODS)[number], steps: number, compat: 'none' | 'kayenta' = 'none') => {
    const metric = series({ test: long(method), kayenta: { compat } });
    let state = startStep(undefined, 0);
    let numbers: Record<string, number> = {};
    for (const [i, measurements] of windows(20, 0).entries()) {
      const templates = [boundTo([metric])];
      const result = judgeWindow(state, { templates, measurements, window: windowAt(i), steps });
      state = result.state;
      ({ numbers } = result.verdict);
    }
    return numbers;
  };

  test('of all steps share the risk', () => {
    expect(at('welch', 1)['level']).toBe(0.025);
    expect(at('mannWhitney', 5)['level']).toBe(0.005);
  });

  test("of Kayenta's method share what its confidence leaves, unless it is to be Kayenta bit by bit", () => {
    expect(at('kayenta', 1)['confidence']).toBe(0.99);
    expect(at('kayenta', 5)['confidence']).toBe(0.998);
    expect(at('kayenta', 5, 'kayenta')['confidence']).toBe(0.98);
  });

  test('come by measured time only', () => {
    const { verdicts } = judgeAll(
      [series({ test: long('welch') })],
      windows(20, 0).flatMap((window) => [window, gap]),
    );
    expect(verdicts[38]?.numbers['look']).toBe(1);
    expect(verdicts[36]?.numbers['look']).toBe(0);
  });
});

describe("Kayenta's sizes", () => {
  const effect = { measure: 'meanRatio', allowedDecrease: 1, criticalDecrease: 1 } as const;
  const sized = (allowedIncrease: number, criticalIncrease: number) =>
    series({
      test: long('kayenta', 1),
      kayenta: { effect: { ...effect, allowedIncrease, criticalIncrease } },
    });

  test('a failure below the critical size withholds the pass of a critical metric', () => {
    const { verdicts, state } = judgeAll([sized(1.1, 2)], windows(41, 5));
    expect(results(verdicts)).toBe('i'.repeat(41));
    expect(state.verdicts[0]?.result).toBe('fail');
    expect(verdicts.at(-1)).toMatchObject({ reason: 'PassWithheld' });
    expect(verdicts.at(-1)?.sentence).toMatch(
      /the failure is not of critical size, so it withholds the pass/,
    );
    expect(verdicts.at(-1)?.tolerable).toBeUndefined();
  });

  test('one of critical size stops it', () => {
    expect(results(judgeAll([sized(1.1, 1.2)], windows(40, 5)).verdicts)).toMatch(/^i+f$/);
  });

  test('one below the allowed size is none', () => {
    expect(results(judgeAll([sized(2, 2)], windows(40, 5)).verdicts)).toMatch(/^i+p$/);
  });

  test('mustHaveData fails a step without a single value when its time is up', () => {
    const metric = series({ kayenta: { mustHaveData: true } });
    const { verdicts } = judgeAll(
      [metric],
      times(8, () => gap),
    );
    expect(results(verdicts)).toBe('iiiiiiif');
    expect(verdicts[7]).toMatchObject({ reason: 'ErrorLimitExceeded' });
    expect(verdicts[7]?.sentence).toBe('no value in 2m, though the metric must have data');
    const some = judgeAll([metric], [windows(1, 0)[0]!, ...times(20, () => gap)]);
    expect(results(some.verdicts)).toBe('i'.repeat(21));
  });

  test('constant arms are judged alike at every restart, also with Kayenta’s random noise', () => {
    const metric = series({ kayenta: { compat: 'kayenta' } });
    const flat = times(8, (i) => [pair(2, 1, i)]);
    const first = judgeAll([metric], flat);
    expect(JSON.stringify(first.state)).toBe(JSON.stringify(judgeAll([metric], flat).state));
    expect(results(first.verdicts)).toContain('f');
  });
});

test('NaN counts as zero only where the template says so', () => {
  const metric = series({ nan: 'zero', test: { method: 'welch', looks: 1, horizonMs: 60_000 } });
  const { state } = judgeAll([metric], [[pair(Infinity, 1.23456789, 0)]]);
  expect((state.metrics['load']?.data as unknown as SeriesData).canary).toEqual([0]);
  expect((state.metrics['load']?.data as unknown as SeriesData).stable).toEqual([1.23457]);
});
