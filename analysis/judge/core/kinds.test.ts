import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { BadOutcome, Measurement } from '../../../api/analysis.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import { isReason } from '../../../api/reasons.ts';
import { startStep, wantsHistory } from './judge.ts';
import { histogram, latency, slow } from '../../../test/support/latency-objects.ts';
import {
  boundTo,
  errorRate,
  judgeAll,
  judgeBound,
  pair,
  rates,
  results,
  series,
  threshold,
  times,
  value,
  windowAt,
} from '../../../test/support/judge-objects.ts';

/** One kind of metric under the name `m`, with windows of a good and of a harmful canary. */
interface Kind {
  kind: string;
  metric: (change?: object) => Metric;
  good: (i: number) => Measurement;
  bad: (i: number) => Measurement;
}

const LOOKS = { looks: 2, horizonMs: 120_000 };
const counted = {
  good: (i: number) => rates('5/600 28/2850', i, 'm'),
  bad: (i: number) => rates('60/600 28/2850', i, 'm'),
};
const valued = {
  good: (i: number) => pair(10 + ((i * 7) % 5), 10 + ((i * 3) % 5), i, 'm'),
  bad: (i: number) => pair(90 + ((i * 7) % 5), 10 + ((i * 3) % 5), i, 'm'),
};

const KINDS: Kind[] = [
  { kind: 'error rate', metric: (change) => errorRate({ name: 'm', ...change }), ...counted },
  {
    kind: 'error rate at looks',
    metric: (change) => errorRate({ name: 'm', test: { method: 'fisher', ...LOOKS }, ...change }),
    ...counted,
  },
  {
    kind: 'latency',
    metric: (change) => latency({ name: 'm', ...change }),
    good: (i) => slow(histogram(600, 0.1), histogram(5700, 0.1), { metric: 'm', window: windowAt(i) }),
    bad: (i) => slow(histogram(600, 0.3), histogram(5700, 0.1), { metric: 'm', window: windowAt(i) }),
  },
  { kind: 'series by Kayenta', metric: (change) => series({ name: 'm', ...change }), ...valued },
  {
    kind: 'series by Welch',
    metric: (change) => series({ name: 'm', method: 'welch', ...change }),
    ...valued,
  },
  {
    kind: 'threshold',
    metric: (change) => threshold({ name: 'm', ...change }),
    good: (i) => ({ ...value(0.5, i), metric: 'm' }),
    bad: (i) => ({ ...value(2, i), metric: 'm' }),
  },
];

const OUTCOMES: BadOutcome[] = ['noData', 'nan', 'severalSeries', 'serverError', 'timeout', 'badQuery'];
const gap = (outcome: BadOutcome): Measurement => ({
  metric: 'm',
  window: windowAt(0),
  outcome,
  sentence: 'nothing came back',
});

describe.each(KINDS)('$kind', ({ kind, metric, good, bad }) => {
  test('a good canary passes and a harmful one stops the release', () => {
    expect(
      results(
        judgeAll(
          [metric()],
          times(60, (i) => [good(i)]),
        ).verdicts,
      ),
    ).toMatch(/^i*p+$/);
    expect(
      results(
        judgeAll(
          [metric()],
          times(60, (i) => [bad(i)]),
        ).verdicts,
      ),
    ).toMatch(/^i*f+$/);
  });

  test('no data is never a pass, whatever went before', () => {
    const window = fc.oneof(
      { weight: 3, arbitrary: fc.constant('good' as const) },
      fc.constantFrom(...OUTCOMES),
      fc.constant('nothing' as const),
    );
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 40 }), (given) => {
        const { verdicts } = judgeAll(
          [metric()],
          given.map((each, i) => (each === 'good' ? [good(i)] : each === 'nothing' ? [] : [gap(each)])),
        );
        for (const [i, verdict] of verdicts.entries()) {
          if (given[i] === 'good') continue;
          expect(verdict.result).toBe('inconclusive');
          expect(verdict.tolerable).toBeUndefined();
          expect(isReason(verdict.reason)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a dry run never decides', () => {
    const { verdicts, state } = judgeAll(
      [metric({ dryRun: true })],
      times(20, (i) => [bad(i)]),
    );
    expect(results(verdicts)).toBe('i'.repeat(20));
    expect(verdicts[19]?.reason).toBe('NothingMeasured');
    expect(state.verdicts[0]).toMatchObject({ metric: 'm', dryRun: true, result: 'fail' });
    const passing = judgeAll(
      [metric({ dryRun: true })],
      times(60, (i) => [good(i)]),
    );
    expect(results(passing.verdicts)).toBe('i'.repeat(60));
  });

  test('a metric that is not critical rolls nothing back', () => {
    const { verdicts, state } = judgeAll(
      [metric({ critical: false })],
      times(20, (i) => [bad(i)]),
    );
    expect(results(verdicts)).toBe('i'.repeat(20));
    expect(state.verdicts[0]?.result).toBe('fail');
  });

  test('the state survives a restart byte for byte, at any window', () => {
    const all = times(12, (i) => [i % 5 === 3 ? bad(i) : good(i)]);
    const whole = JSON.stringify(judgeAll([metric()], all).state);
    for (const cut of [1, 4, 8]) {
      const half = JSON.parse(JSON.stringify(judgeAll([metric()], all.slice(0, cut)).state)) as AnalysisState;
      expect(JSON.stringify(judgeAll([metric()], all.slice(cut), half).state)).toBe(whole);
    }
  });

  test('a pass of one step is not one of the next', () => {
    const { state } = judgeAll(
      [metric()],
      times(60, (i) => [good(i)]),
    );
    const template = boundTo([metric()]);
    const next = judgeBound(template, [[gap('noData')]], startStep(state, 1, [template]));
    expect(results(next.verdicts)).toBe('i');
    if (kind === 'threshold') return;
    expect(results(judgeBound(template, [[good(0)]], startStep(state, 1, [template])).verdicts)).toBe('i');
  });
});

describe.each(KINDS.filter(({ kind }) => kind === 'error rate' || kind === 'latency'))(
  'running evidence of harm ($kind)',
  ({ metric, good, bad }) => {
    test('is never reset by a step, whatever the template keeps', () => {
      fc.assert(
        fc.property(
          fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
          fc.constantFrom('perStep' as const, 'cumulative' as const),
          (course, safeEvidence) => {
            const template = boundTo([metric()], { safeEvidence });
            const windows = course.map((isGood, i) => [isGood ? good(i) : bad(i)]);
            const whole = judgeBound(template, windows);
            let state = startStep(undefined, 0);
            for (const [step, window] of windows.entries()) {
              state = judgeBound(template, [window], startStep(state, step, [template])).state;
            }
            const evidence = ({ verdicts }: AnalysisState) => verdicts[0]?.numbers['evidence'];
            expect(evidence(state)).toBe(evidence(whole.state));
          },
        ),
        { numRuns: 30 },
      );
    });

    test('asks for the history of stable until a window is counted', () => {
      expect(wantsHistory(undefined)).toBe(true);
      expect(wantsHistory(judgeAll([metric()], [[gap('noData')]]).state)).toBe(true);
      expect(
        wantsHistory(
          judgeAll(
            [metric()],
            times(2, (i) => [good(i)]),
          ).state,
        ),
      ).toBe(false);
    });
  },
);

test('metrics without running evidence ask for no history once they are known', () => {
  expect(wantsHistory(judgeAll([threshold(), series()], [[]]).state)).toBe(false);
});
