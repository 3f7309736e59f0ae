import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { Measurement } from '../../../api/analysis.ts';
import type { ErrorRateMetric } from '../../../api/kinds/template/kinds/error-rate.ts';
import { poisson } from '../../../test/support/sampling.ts';
import { seeded } from '../../../lib/random.ts';
import { judgeWindow, startStep } from './judge.ts';
import {
  boundTo,
  errorRate,
  judgeAll,
  missing,
  rates,
  results,
  times,
  windowAt,
} from '../../../test/support/judge-objects.ts';

/** Two looks, after one and after two minutes: the 4th and the 8th window. */
const planned = (
  method: 'twoProportionZ' | 'fisher',
  change: Partial<ErrorRateMetric> = {},
): ErrorRateMetric => errorRate({ test: { method, looks: 2, horizonMs: 120_000 }, ...change });
const METHODS = ['twoProportionZ', 'fisher'] as const;
const windows = (text: string, n: number): Measurement[][] => times(n, (i) => [rates(text, i)]);

describe.each(METHODS)('error rates at planned looks (%s)', (method) => {
  test('between looks nothing is decided, and the sentence says when the next one is', () => {
    const { verdicts } = judgeAll([planned(method)], windows('9/150 28/2850', 3));
    expect(results(verdicts)).toBe('iii');
    expect(verdicts[2]?.sentence).toBe(
      'canary 6% errors (27/450) against 0.982% (84/8550) in this step: look 1 of 2 comes after 1m of 2m, 45s measured in this step; not safe to peek before',
    );
    expect(verdicts[2]?.numbers).toMatchObject({ look: 0, looks: 2 });
  });

  test('harm is found at the first look', () => {
    const { verdicts, state } = judgeAll([planned(method)], windows('9/150 28/2850', 4));
    expect(results(verdicts)).toBe('iiif');
    expect(verdicts[3]).toMatchObject({ reason: 'HarmDetected', numbers: { look: 1, level: 0.025 } });
    expect(verdicts[3]?.sentence).toMatch(
      / in this step: harm detected \(.* p [\de.-]+ against 0\.025 at look 1 of 2\)$/,
    );
    const later = judgeAll([planned(method)], windows('0/5000 250/2850', 6), state);
    expect(results(later.verdicts)).toBe('ffffff');
    expect(later.verdicts[5]?.sentence).toBe(verdicts[3]?.sentence);
  });

  test('after the last look it passes, as absence of evidence, and stays so without peeking further', () => {
    const course = judgeAll([planned(method)], windows('1/150 28/2850', 8));
    expect(results(course.verdicts)).toBe('iiiiiiip');
    expect(course.verdicts[4]?.sentence).toContain('no harm so far');
    expect(course.verdicts[7]).toMatchObject({ reason: 'NoHarmDetected', numbers: { look: 2, looks: 2 } });
    expect(course.verdicts[7]?.sentence).toContain('absence of evidence, not proof of safety');
    // 10% errors do not trip the circuit breaker, and the test has taken all its looks
    const later = judgeAll([planned(method)], windows('15/150 28/2850', 4), course.state);
    expect(results(later.verdicts)).toBe('pppp');
    expect(later.verdicts[3]?.sentence).toBe(course.verdicts[7]?.sentence);
  });

  test('the risk is shared by all looks of all steps', () => {
    const judged = (steps: number) => {
      let state = startStep(undefined, 0);
      let level;
      for (const [i, measurements] of windows('1/150 28/2850', 4).entries()) {
        const input = { templates: [boundTo([planned(method)])], measurements, window: windowAt(i), steps };
        const result = judgeWindow(state, input);
        state = result.state;
        level = result.verdict.numbers['level'];
      }
      return level;
    };
    expect(judged(1)).toBe(0.025);
    expect(judged(5)).toBe(0.005);
  });

  test('each step begins with counts and looks of its own', () => {
    const first = judgeAll([planned(method)], windows('1/150 28/2850', 8));
    const next = startStep(first.state, 1);
    const second = judgeAll([planned(method)], windows('9/150 28/2850', 4), next);
    expect(results(second.verdicts)).toBe('iiif');
    expect(second.verdicts[0]?.sentence).toContain('(9/150)');
  });

  test('windows without data bring no look nearer and never pass', () => {
    const gap = [missing('noData')];
    const idle = [rates('0/0 28/2850', 0)];
    const { verdicts } = judgeAll([planned(method)], [...times(10, () => gap), ...times(10, () => idle)]);
    expect(results(verdicts)).toBe('i'.repeat(20));
    const passed = judgeAll([planned(method)], windows('1/150 28/2850', 8)).state;
    expect(results(judgeAll([planned(method)], [gap, ...windows('1/150 28/2850', 1)], passed).verdicts)).toBe(
      'ip',
    );
  });

  test('mostly errors still trip the circuit breaker', () => {
    const { verdicts } = judgeAll([planned(method)], windows('90/150 28/2850', 2));
    expect(verdicts[1]).toMatchObject({ result: 'fail', reason: 'CircuitBreaker' });
  });

  test('a metric that is not critical withholds the pass', () => {
    const { verdicts } = judgeAll([planned(method, { critical: false })], windows('9/150 28/2850', 8));
    expect(results(verdicts)).toBe('i'.repeat(8));
    expect(verdicts[7]?.reason).toBe('PassWithheld');
  });

  test('its failure is not averaged with running evidence', () => {
    const two = [planned(method), errorRate({ name: 'writes' })];
    const { verdicts } = judgeAll(
      two,
      times(4, (i) => [rates('9/150 28/2850', i), rates('1/150 28/2850', i, 'writes')]),
    );
    expect(results(verdicts)).toBe('iiif');
    expect(verdicts[3]?.sentence).toMatch(/^errors: canary 6% errors/);
  });

  test('all metrics together claim no more than the weakest pass', () => {
    const two = [planned(method), errorRate({ name: 'writes' })];
    const { verdicts } = judgeAll(
      two,
      times(80, (i) => [rates('1/150 28/2850', i), rates('1.5/150 28.5/2850', i, 'writes')]),
    );
    expect(verdicts.at(-1)).toMatchObject({ result: 'pass', reason: 'NoHarmDetected' });
    expect(verdicts.at(-1)?.sentence).toMatch(
      /^all 2 metrics pass: errors, writes \(no harm detected, which is not proof: errors\); errors: canary/,
    );
  });

  test('the state survives a restart byte for byte, broken or not', () => {
    const all = windows('2/150 28/2850', 8);
    const whole = judgeAll([planned(method)], all);
    const half = judgeAll([planned(method)], all.slice(0, 5));
    const restored = JSON.parse(JSON.stringify(half.state)) as AnalysisState;
    expect(JSON.stringify(judgeAll([planned(method)], all.slice(5), restored).state)).toBe(
      JSON.stringify(whole.state),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (fixed) => {
        const metric = half.state.metrics['errors']!;
        const broken = { ...half.state, metrics: { errors: { ...metric, data: { ...metric.data, fixed } } } };
        const after = judgeAll([planned(method)], [[rates('2/150 28/2850', 0)]], broken);
        expect(results(after.verdicts)).toBe('i');
        expect(after.verdicts[0]?.sentence).not.toMatch(/NaN|undefined|Infinity/);
      }),
    );
  });

  test('a window longer than the time between looks takes them as one', () => {
    const metric = planned(method, { test: { method, looks: 2, horizonMs: 20_000 } });
    const { verdicts } = judgeAll([metric], windows('1/150 28/2850', 2));
    expect(verdicts[0]?.numbers).toMatchObject({ look: 1 });
    expect(results(verdicts)).toBe('ip');
  });
});

test('no count makes a look throw or answer NaN', () => {
  const arm = fc.tuple(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...METHODS), arm, arm, (method, [n1, p1], [n0, p0]) => {
      const metric = planned(method, { test: { method, looks: 1, horizonMs: 15_000 } });
      const { verdicts, state } = judgeAll([metric], [[rates(`${n1 * p1}/${n1} ${n0 * p0}/${n0}`, 0)]]);
      expect(verdicts[0]?.sentence).not.toMatch(/NaN|undefined|Infinity/);
      expect(JSON.stringify(state)).not.toContain('null');
    }),
  );
});

test.each(METHODS)('%s: a ten-thousandth of a request is none, and no error', (method) => {
  const metric = planned(method, { test: { method, looks: 1, horizonMs: 15_000 } });
  const { verdicts } = judgeAll([metric], [[rates('0/0.00001 0/0.00001', 0)]]);
  expect(verdicts[0]?.result).not.toBe('fail');
});

test('the risk shared by the looks holds over the whole release', () => {
  const random = seeded(7);
  const metric = errorRate({ test: { method: 'fisher', looks: 2, horizonMs: 150_000 } });
  const templates = [boundTo([metric])];
  let failed = 0;
  for (let run = 0; run < 200; run++) {
    let state = startStep(undefined, 0);
    for (let i = 0; i < 30; i++) {
      if (i % 10 === 0) state = startStep(state, i / 10, templates);
      const counts = `${poisson(3, random)}/150 ${poisson(57, random)}/2850`;
      const measurements = [rates(counts, i)];
      const judged = judgeWindow(state, { templates, measurements, window: windowAt(i), steps: 3 });
      state = judged.state;
      if (judged.verdict.result !== 'fail') continue;
      failed++;
      break;
    }
  }
  // 5% of 200 releases are 10, two standard errors above are 16; if the risk were not split, six looks would give about
  // 30
  expect(failed).toBeLessThanOrEqual(16);
});
