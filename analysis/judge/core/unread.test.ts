import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnalysisState, MetricState } from '../../../api/kinds/release/verdict.ts';
import type { Histogram, Measurement } from '../../../api/analysis.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import { judgeWindow, lookedAt, startStep } from './judge.ts';
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

/** One metric of each kind, and a window of it in which nothing is wrong. */
const KINDS: { metric: Metric; healthy: (i: number) => Measurement }[] = [
  { metric: errorRate(), healthy: (i) => rates('1.5/1500 28.5/28500', i) },
  {
    metric: latency({ name: 'errors' }),
    healthy: () => slow(histogram(4000, 0.1), histogram(20_000, 0.1), { metric: 'errors' }),
  },
  { metric: threshold({ name: 'errors' }), healthy: (i) => ({ ...value(0, i), metric: 'errors' }) },
  {
    metric: series({ name: 'errors' }),
    healthy: (i) => pair(10 + ((i * 7) % 5) / 10, 10 + ((i * 3) % 5) / 10, i, 'errors'),
  },
];

const stored = (state: AnalysisState, change: (metric: MetricState) => MetricState): AnalysisState => {
  const metrics = Object.entries(state.metrics).map(([key, each]) => [key, change(each)] as const);
  return JSON.parse(JSON.stringify({ ...state, metrics: Object.fromEntries(metrics) })) as AnalysisState;
};

/** JSON has no NaN: the first number becomes null. */
const withNull = (metric: MetricState): MetricState =>
  JSON.parse(JSON.stringify(metric).replace(/("data":.*?[:[])-?\d[\d.e-]*/, '$1null')) as MetricState;

const UNREADABLE: Record<string, (metric: MetricState) => MetricState> = {
  'a number was taken out': withNull,
  'its layout is a newer one': (metric) => ({ ...metric, version: 2 }),
  'everything was taken out': (metric) => ({ ...metric, data: {} }),
  'it is of another kind of metric': (metric) => ({
    ...metric,
    type: metric.type === 'series' ? 'latency' : 'series',
  }),
};

describe('stored statistics that cannot be read', () => {
  describe.each(KINDS)('of $metric.type', ({ metric, healthy }) => {
    const before = judgeAll(
      [metric],
      times(2, (i) => [healthy(i)]),
    ).state;
    const later = times(40, (i) => [healthy(i + 2)]);

    test.each(Object.entries(UNREADABLE))('never pass, in no step: %s', (_, change) => {
      const broken = stored(before, change);
      const first = judgeAll([metric], later, broken);
      const next = judgeAll([metric], later, startStep(first.state, 1));
      for (const verdict of [...first.verdicts, ...next.verdicts]) {
        expect(verdict).toMatchObject({ result: 'inconclusive', reason: 'StateUnreadable' });
        expect(verdict.sentence).toContain('sluice resume');
        expect(verdict.tolerable).not.toBe(true);
      }
      expect(next.state.metrics['errors']?.unread).toEqual(broken.metrics['errors']?.data);
    });

    test('pass again once a human has resumed the release', () => {
      const first = judgeAll([metric], later, stored(before, withNull));
      const next = judgeAll([metric], later, startStep(lookedAt(first.state, [boundTo([metric])]), 1));
      expect(results(next.verdicts)).toContain('p');
      expect(next.state.metrics['errors']?.unread).toBeUndefined();
    });

    test('is what no window leaves, whether pods are cold or not', () => {
      const template = boundTo([metric]);
      const fresh = startStep(undefined, 0);
      const input = { templates: [template], measurements: [healthy(0)], window: windowAt(0) };
      const cold = judgeWindow(fresh, { ...input, warming: true }).state;
      const next = judgeBound(template, later, JSON.parse(JSON.stringify(cold)) as AnalysisState);
      expect(results(next.verdicts)).toContain('p');
    });
  });

  test('hide no harm that is seen afterwards', () => {
    const before = judgeAll([errorRate()], [[rates('0/300 20/2850', 0)]]).state;
    const { verdicts } = judgeAll(
      [errorRate()],
      times(6, (i) => [rates('40/300 20/2850', i)]),
      stored(before, withNull),
    );
    expect(verdicts.at(-1)).toMatchObject({ result: 'fail' });
  });

  test('withhold the pass of metrics beside them', () => {
    const two = [errorRate(), errorRate({ name: 'others' })];
    const windows = times(40, (i) => [
      rates('1.5/1500 28.5/28500', i),
      rates('1.5/1500 28.5/28500', i, 'others'),
    ]);
    const before = judgeAll(two, windows.slice(0, 1)).state;
    expect(results(judgeAll(two, windows, before).verdicts)).toContain('p');
    const broken = { ...before.metrics, others: withNull(before.metrics['others']!) };
    const { verdicts } = judgeAll(two, windows, { ...before, metrics: broken });
    expect(results(verdicts)).toBe('i'.repeat(40));
    expect(verdicts.at(-1)?.sentence).toContain('others: the statistics');
  });

  test('withhold a score that they are a part of', () => {
    const looking = ['a', 'b'].map((name) => series({ name }));
    const template = boundTo(looking, { scoring: { pass: 90, marginal: 50, groups: {} } });
    const both = (i: number) => ['a', 'b'].map((name) => pair(10 + (i % 3), 10 + (i % 3), i, name));
    const windows = times(8, both);
    const before = judgeBound(template, windows.slice(0, 1)).state;
    const broken = { ...before, metrics: { ...before.metrics, b: withNull(before.metrics['b']!) } };
    expect(results(judgeBound(template, windows).verdicts)).toContain('p');
    const { verdicts } = judgeBound(template, [...windows, ...windows], broken);
    expect(results(verdicts)).not.toContain('p');
    expect(verdicts.at(-1)).toMatchObject({ reason: 'StateUnreadable' });
  });
});

describe('counts that nobody can count', () => {
  test('are not stored when they are stable’s past, which a canary alone is held to', () => {
    const past = { total: 1e308, bad: 0 };
    const measurement = { ...rates('0/300 0/0', 0), history: { stable: [past, past] } } as Measurement;
    const { state, verdict } = judgeWindow(startStep(undefined, 0), {
      templates: [boundTo([errorRate()])],
      measurements: [measurement],
      window: windowAt(0),
      alone: true,
    });
    expect(verdict).toMatchObject({ result: 'inconclusive', reason: 'BadQuery' });
    expect(verdict.sentence).toContain('look at the exporter');
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  test('neither pass nor wipe the evidence of harm before them', () => {
    const harmed = judgeAll(
      [errorRate()],
      times(3, (i) => [rates('2/30 20/2850', i)]),
    );
    expect(harmed.verdicts.at(-1)).toMatchObject({ result: 'fail', reason: 'HarmDetected' });
    for (const total of [1e308, Infinity, NaN, 2 ** 53]) {
      const after = judgeAll([errorRate()], [[rates(`0/${total} 20/2850`, 3)]], harmed.state);
      expect(after.verdicts[0]).toMatchObject({ result: 'fail', reason: 'HarmDetected' });
      expect(after.state.verdicts[0]).toMatchObject({ result: 'inconclusive', reason: 'BadQuery' });
      expect(after.state.metrics).toEqual(harmed.state.metrics);
      const next = judgeAll([errorRate()], [[rates('2/30 20/2850', 4)]], after.state);
      expect(next.verdicts[0]).toMatchObject({ result: 'fail', reason: 'HarmDetected' });
    }
  });

  test('begin at 2^53, of errors as of latency', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const reasons = (metric: Metric, measurement: Measurement) =>
      judgeAll([metric], [[measurement]]).verdicts[0]?.reason;
    const timed = (count: number): Histogram => ({ layout: 'classic', bounds: [1], counts: [count, 0] });
    const lasting = (count: number) => slow(timed(count), timed(most), { metric: 'latency' });
    expect(reasons(errorRate(), rates(`0/${most} 0/${most}`, 0))).not.toBe('BadQuery');
    expect(reasons(errorRate(), rates(`0/${most + 1} 0/10`, 0))).toBe('BadQuery');
    expect(reasons(errorRate(), rates(`0/10 0/${most + 1}`, 0))).toBe('BadQuery');
    expect(reasons(latency(), lasting(most))).not.toBe('BadQuery');
    expect(reasons(latency(), lasting(most + 1))).toBe('BadQuery');
  });
});

const extreme = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    5e-324,
    1e-7,
    1,
    150,
    2 ** 53 - 1,
    2 ** 53,
    1e300,
    1.7e308,
    Infinity,
    -Infinity,
    NaN,
  ),
  fc.double(),
);
const counts = fc.oneof(
  fc.record({ total: extreme, bad: extreme }),
  fc.tuple(extreme, fc.double({ min: 0, max: 1, noNaN: true })).map(([total, share]) => ({
    total,
    bad: total * share,
  })),
);
const buckets = fc.record({
  layout: fc.constantFrom('classic' as const, 'native' as const),
  bounds: fc.constantFrom<number[]>([0.1, 1], [1e-300, 1e300]),
  counts: fc.array(extreme, { minLength: 3, maxLength: 3 }),
});
const podsOf = <T>(one: fc.Arbitrary<T>) =>
  fc.option(
    fc.record({
      canary: fc.dictionary(fc.constant('c-1'), one),
      stable: fc.dictionary(fc.constant('s-1'), one),
    }),
    { nil: undefined },
  );
const pasts = fc.option(fc.record({ stable: fc.array(counts, { maxLength: 40 }) }), { nil: undefined });

/** What one window brings of all kinds of metrics, however extreme. */
const extremes = fc
  .record({
    arms: fc.record({ canary: counts, stable: counts }),
    pods: podsOf(counts),
    history: pasts,
    slow: fc.record({ canary: buckets, stable: buckets }),
    slowPods: podsOf(buckets),
    values: fc.record({ canary: extreme, stable: extreme }),
  })
  .map(({ arms, pods, history, slow: lasting, slowPods, values }): Measurement[] => {
    const base = { window: windowAt(0), outcome: 'ok' } as const;
    return [
      {
        ...base,
        ...arms,
        metric: 'errors',
        kind: 'counts',
        ...(pods && { pods }),
        ...(history && { history }),
      },
      { ...base, ...lasting, metric: 'slow', kind: 'histograms', ...(slowPods && { pods: slowPods }) },
      { ...base, ...values, metric: 'load', kind: 'numbers' },
      { ...base, ...values, metric: 'value', kind: 'numbers' },
    ];
  });

test('whatever is measured, the state after it is the same once it was stored and read', () => {
  const metrics = [
    errorRate({ ceiling: 0.02 }),
    latency({ name: 'slow' }),
    series(),
    threshold({ name: 'value', failureLimit: 2 }),
  ];
  fc.assert(
    fc.property(fc.array(extremes, { minLength: 1, maxLength: 9 }), fc.boolean(), (windows, alone) => {
      for (const metric of metrics) {
        let state = startStep(undefined, 0);
        for (const [i, measurements] of windows.entries()) {
          const input = { templates: [boundTo([metric])], measurements, window: windowAt(i), alone };
          const judged = judgeWindow(state, { ...input, nextWeight: 25 });
          expect(JSON.parse(JSON.stringify(judged))).toEqual(judged);
          expect(judged.state.metrics[metric.name]?.unread).toBeUndefined();
          state = judged.state;
        }
      }
    }),
  );
});
