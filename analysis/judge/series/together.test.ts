import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../api/analysis.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import type { Scoring } from '../../../api/kinds/template/scoring.ts';
import type { Course } from '../../../test/support/judge-objects.ts';
import {
  boundTo,
  errorRate,
  judgeBound,
  missing,
  pair,
  rates,
  results,
  series,
  times,
} from '../../../test/support/judge-objects.ts';

const SCORING: Scoring = { pass: 90, marginal: 50, groups: {} };
const METRICS = ['a', 'b', 'c', 'd'];

/**
 * Four series of groups x (a, b) and y (c, d); the series named in the argument are shifted. Two looks, after 10 and 20
 * windows.
 */
function course(
  shifted: string[],
  n: number,
  { scoring = SCORING, change = {} }: { scoring?: Scoring; change?: Record<string, object> } = {},
): Course {
  const metrics = METRICS.map((name) =>
    series({
      name,
      test: { method: 'kayenta', looks: 2, horizonMs: 300_000 },
      kayenta: { groups: [name < 'c' ? 'x' : 'y'] },
      critical: false,
      ...change[name],
    }),
  );
  return judgeBound(boundTo(metrics, { scoring }), windows(shifted, n));
}

function windows(shifted: string[], n: number): Measurement[][] {
  return times(n, (i) =>
    METRICS.map((name) => {
      const shift = shifted.includes(name) ? 5 : 0;
      return pair(10 + ((i * 7) % 5) * 0.1 + shift, 10 + ((i * 3) % 5) * 0.1, i, name);
    }),
  );
}

describe('series judged together by a score', () => {
  test('pass after the last look, with the scores of the groups', () => {
    const { verdicts, state } = course([], 20);
    expect(results(verdicts)).toBe(`${'i'.repeat(19)}p`);
    expect(verdicts[0]?.sentence).toMatch(/^the score waits for a: look 1 of 2 comes after 2m30s of 5m/);
    expect(verdicts[9]?.sentence).toMatch(/^score 100 .* so far; a: /);
    expect(verdicts[19]).toMatchObject({
      reason: 'NoHarmDetected',
      sentence:
        'score 100 (pass from 90, marginal from 50): x 100, y 100: no harm detected, which is absence of evidence, not proof of safety',
      numbers: { score: 100, 'score.x': 100, 'score.y': 100 },
    });
    expect(state.verdicts.map(({ metric }) => metric)).toEqual([...METRICS, 'http score']);
  });

  test('between pass and marginal it is inconclusive', () => {
    const { verdicts } = course(['a'], 20);
    expect(results(verdicts)).toBe('i'.repeat(20));
    expect(verdicts[19]).toMatchObject({ reason: 'Inconclusive', numbers: { score: 75, 'score.x': 50 } });
    expect(verdicts[19]?.sentence).toMatch(/: x 50, y 100; a: canary is higher than stable: shifted by/);
  });

  test('below marginal it fails, at the first look', () => {
    const { verdicts } = course(['a', 'b', 'c'], 10);
    expect(results(verdicts)).toBe(`${'i'.repeat(9)}f`);
    expect(verdicts[9]).toMatchObject({ reason: 'ScoreTooLow', numbers: { score: 25 } });
  });

  test('weights of groups decide', () => {
    const weighted = (groups: Record<string, number>) =>
      course(['a', 'b'], 20, { scoring: { ...SCORING, groups } }).verdicts.at(-1);
    expect(weighted({ x: 90 })).toMatchObject({ result: 'fail', numbers: { score: 10 } });
    expect(weighted({ x: 10 })).toMatchObject({ result: 'pass', numbers: { score: 90 } });
  });

  test('a critical failure makes it 0 whatever the others say', () => {
    const { verdicts } = course(['a'], 10, { change: { a: { critical: true } } });
    expect(verdicts.at(-1)).toMatchObject({ result: 'fail', reason: 'ScoreTooLow', numbers: { score: 0 } });
    expect(verdicts.at(-1)?.sentence).toMatch(
      /^score 0 .*, because a critical metric failed: x 50, y 100; a: canary/,
    );
  });

  test.each(['kayenta', 'welch'] as const)(
    'one that is not critical counts in its group only (%s)',
    (method) => {
      const test = { method, looks: 2, horizonMs: 300_000 };
      const { verdicts } = course(['a'], 10, { change: { a: { test }, b: { test } } });
      expect(verdicts.at(-1)).toMatchObject({ result: 'inconclusive', numbers: { score: 75 } });
    },
  );

  test('a failure at an early look is forgotten if the last look finds none', () => {
    const metrics = [
      series({ name: 'a', test: { method: 'kayenta', looks: 2, horizonMs: 900_000 }, critical: false }),
    ];
    const all = [...windows(['a'], 15), ...windows([], 45)];
    const scoring = { pass: 90, marginal: 0, groups: {} };
    const { verdicts } = judgeBound(boundTo(metrics, { scoring }), all);
    expect(verdicts.at(-1)?.result).toBe('pass');
  });

  test('a metric without data holds the score back, and one that lost its data withholds the pass', () => {
    const noneOf = (name: string, all: Measurement[][]) =>
      all.map((list) =>
        list.map((each) => (each.metric === name ? { ...missing('noData'), metric: name } : each)),
      );
    const metrics = METRICS.map((name) => series({ name, critical: false }));
    const template = boundTo(metrics, { scoring: SCORING });
    const never = judgeBound(template, noneOf('d', windows([], 30)));
    expect(results(never.verdicts)).toBe('i'.repeat(30));
    const passed = judgeBound(template, windows([], 8));
    expect(passed.verdicts.at(-1)?.result).toBe('pass');
    const later = judgeBound(template, [...noneOf('a', windows([], 1)), ...windows([], 1)], passed.state);
    expect(results(later.verdicts)).toBe('ip');
    expect(later.state.gaps).toBe(0);
  });

  test('a dry run is shown and does not count', () => {
    const { verdicts, state } = course(['a'], 20, { change: { a: { dryRun: true } } });
    expect(verdicts.at(-1)).toMatchObject({ result: 'pass', numbers: { score: 100 } });
    expect(state.verdicts[0]).toMatchObject({ dryRun: true, result: 'fail' });
    const all = Object.fromEntries(METRICS.map((name) => [name, { dryRun: true }]));
    expect(course([], 20, { change: all }).verdicts.at(-1)?.reason).toBe('NothingMeasured');
  });

  test('other metrics of the template decide beside it', () => {
    const metrics: Metric[] = [series({ name: 'a' }), errorRate()];
    const template = boundTo(metrics, { scoring: SCORING });
    const beside = (text: string) => windows([], 80).map((list, i) => [...list, rates(text, i)]);
    const passed = judgeBound(template, beside('1.5/150 28.5/2850')).verdicts;
    expect(results(passed)).toMatch(/^i+p+$/);
    expect(passed.at(-1)?.sentence).toMatch(/^all 2 metrics pass: http score, errors \(no harm detected/);
    expect(results(judgeBound(template, beside('15/150 28/2850')).verdicts)).toContain('f');
  });

  test('where no metric names a group all are one', () => {
    const metrics = METRICS.map((name) => series({ name, critical: false }));
    const { verdicts } = judgeBound(boundTo(metrics, { scoring: SCORING }), windows(['a'], 8));
    expect(verdicts.at(-1)?.numbers).toMatchObject({ score: 75, 'score.all': 75 });
  });

  test('values that no look can compare never pass', () => {
    const single = [series({ name: 'a', test: { method: 'welch', looks: 1, horizonMs: 15_000 } })];
    const { verdicts } = judgeBound(boundTo(single, { scoring: SCORING }), windows([], 1));
    expect(verdicts[0]).toMatchObject({ result: 'inconclusive', reason: 'Inconclusive' });
  });
});
