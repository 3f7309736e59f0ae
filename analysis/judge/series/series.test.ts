import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Classification, SeriesSettings } from './series.ts';
import { classifySeries, seriesSettings } from './series.ts';
import { scoreSeries, scoreVerdict } from './score.ts';

interface Expected {
  classification: Classification;
  critical: boolean;
  deviation: number | null;
  shift: [lower: number, estimate: number, upper: number] | null;
}

type Values = (number | null)[];

interface Fixtures {
  judgements: {
    pairs: [canary: Values, stable: Values][];
    rows: { pair: number; settings: Partial<SeriesSettings>; kayenta?: Expected; none: Expected }[];
  };
  scores: {
    results: { classification: Classification; critical: boolean; muted: boolean; groups: string[] }[];
    weights: Record<string, number>;
    score: number;
  }[];
}

const fixtures = JSON.parse(
  readFileSync(new URL('../../stats/fixtures/kayenta.json', import.meta.url), 'utf8'),
) as Fixtures;

const numbers = (values: Values) => values.map((value) => value ?? NaN);
const never = () => {
  throw new Error('no randomness is needed here');
};

describe.each(['kayenta', 'none'] as const)('with compat: %s', (compat) => {
  test('classifications, critical failures, deviations and intervals are those of the independent judge', () => {
    const { pairs, rows } = fixtures.judgements;
    const seen = new Set<string>();
    for (const row of rows) {
      const want = row[compat];
      if (want === undefined) continue;
      const [canary, stable] = pairs[row.pair]!;
      const settings = seriesSettings({ ...row.settings, compat });
      const got = classifySeries({ canary: numbers(canary), stable: numbers(stable) }, settings, never);
      const where = `pair ${row.pair}, ${JSON.stringify(row.settings)}`;
      expect([got.classification, got.critical], where).toEqual([want.classification, want.critical]);
      seen.add(`${want.classification} ${want.critical}`);
      if (want.deviation === null) expect(got.deviation, where).toBeUndefined();
      else expect(got.deviation, where).toBeCloseTo(want.deviation, 10);
      const { lower, estimate, upper } = got.shift ?? {};
      if (want.shift === null) expect(got.shift, where).toBeUndefined();
      else want.shift.forEach((value, i) => expect([lower, estimate, upper][i], where).toBeCloseTo(value, 6));
    }
    expect([...seen].sort()).toEqual([
      'High false',
      'High true',
      'Low false',
      'Low true',
      'Nodata false',
      'Nodata true',
      'NodataFailMetric false',
      'Pass false',
    ]);
  });
});

test('scores are exactly those of the independent judge', () => {
  expect(new Set(fixtures.scores.map(({ score }) => score)).size).toBeGreaterThan(20);
  for (const { results, weights, score } of fixtures.scores) {
    const series = results.map(({ groups, muted, ...result }) => ({ groups, muted, result }));
    expect(scoreSeries(series, weights).score, JSON.stringify({ results, weights })).toBe(score);
  }
});

test('a score of 0 says why if its groups do not', () => {
  const series = (classification: Classification, critical = false) => ({
    result: { classification, critical },
    groups: ['all'],
    muted: false,
  });
  expect(scoreSeries([], {})).toMatchObject({ score: 0, cause: 'noData' });
  expect(scoreSeries([series('Pass'), series('Nodata')], {})).toMatchObject({ score: 0, cause: 'noData' });
  expect(scoreSeries([series('Pass'), series('High', true)], {})).toMatchObject({
    score: 0,
    cause: 'critical',
  });
  expect(scoreSeries([series('High')], {})).toEqual({
    score: 0,
    groups: [{ name: 'all', score: 0, noData: false }],
  });
});

test.each([
  { score: 95, want: 'Pass' },
  { score: 94.99, want: 'Marginal' },
  { score: 75, want: 'Marginal' },
  { score: 74.99, want: 'Fail' },
])('a score of $score with bars at 95 and 75 is $want', ({ score, want }) => {
  expect(scoreVerdict(score, { pass: 95, marginal: 75 })).toBe(want);
});

describe('two constant series', () => {
  const arms = { canary: [5, 5, 5, 5, 5, 5], stable: [4, 4, 4, 4, 4, 4] };

  test('differ by exactly their difference, without noise', () => {
    const got = classifySeries(arms, seriesSettings(), never);
    expect(got).toMatchObject({ classification: 'High', shift: { lower: 1, estimate: 1, upper: 1 } });
  });

  test("differ by about that with Kayenta's noise, which the caller's random numbers decide", () => {
    const judge = () => {
      let state = 1;
      const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
      return classifySeries(arms, seriesSettings({ compat: 'kayenta' }), random);
    };
    const got = judge();
    expect(got.classification).toBe('High');
    expect(got.shift?.lower).toBeCloseTo(1, 3);
    expect(got.shift?.lower).not.toBe(1);
    expect(judge()).toEqual(got);
  });
});

test('Kayenta ignores the confidence and tolerance it is given', () => {
  const arms = { canary: [4, 5, 6, 7, 8, 9, 10], stable: [1, 2, 3, 4, 5, 6, 7] };
  const strict = { confidence: 0.5, tolerance: 0 };
  const judge = (settings: Parameters<typeof seriesSettings>[0]) =>
    classifySeries(arms, seriesSettings(settings), never).classification;
  expect(judge({ ...strict, compat: 'kayenta' })).toBe(judge({ compat: 'kayenta' }));
  expect([judge({}), judge(strict)]).toEqual(['Pass', 'High']);
});

test('one value in each arm cannot be judged', () => {
  const got = classifySeries({ canary: [1], stable: [2] }, seriesSettings({ critical: true }), never);
  expect(got).toMatchObject({ classification: 'Error', critical: false, deviation: 0.5 });
});

describe('series of which most values are zero', () => {
  const values = (zeros: number, others: number[]) => [...Array.from({ length: zeros }, () => 0), ...others];
  const some = (count: number) => Array.from({ length: count }, (_, i) => 1 + (i % 7));
  const arms = { canary: values(146, some(64)), stable: values(193, some(17)) };
  const turned = { canary: arms.stable, stable: arms.canary };

  test('differ by their ranks, where the interval for the shift is 0 to 0', () => {
    const got = classifySeries(arms, seriesSettings(), never);
    expect(got).toMatchObject({ classification: 'High', shift: { lower: 0, upper: 0 } });
    expect(got.sentence).toMatch(
      /^canary is higher than stable by its ranks \(p \d\S*e-9\): many values are equal/,
    );
    expect(classifySeries(turned, seriesSettings(), never).classification).toBe('Low');
    expect(classifySeries(arms, seriesSettings({ direction: 'decrease' }), never).classification).toBe(
      'Pass',
    );
  });

  test('pass as long as the ranks could differ by chance', () => {
    const alike = { canary: values(188, some(22)), stable: arms.stable };
    expect(classifySeries(alike, seriesSettings(), never).classification).toBe('Pass');
  });

  test('are still asked for the size of the effect', () => {
    const effect = { allowedIncrease: 10 };
    expect(classifySeries(arms, seriesSettings({ effect }), never).classification).toBe('Pass');
  });
});

test('infinite values are missing values', () => {
  const settings = seriesSettings({ mustHaveData: true });
  const got = classifySeries({ canary: [Infinity, NaN], stable: [2, 3] }, settings, never);
  expect(got).toMatchObject({ classification: 'NodataFailMetric', sentence: 'canary has no values' });
});

/** Share of 200 seeded runs in which 60 points per arm, of 100 000 requests each, are found High. */
function flagged(stableErrors: number, canaryErrors: number, compat: 'none' | 'kayenta'): number {
  let state = 20250611;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const poisson = (mean: number) => {
    let count = 0;
    for (let left = random(); left > Math.exp(-mean); left *= random()) count++;
    return count;
  };
  const ratios = (mean: number) => Array.from({ length: 60 }, () => poisson(mean) / 100_000);
  const settings = seriesSettings({ compat });
  let high = 0;
  for (let run = 0; run < 200; run++) {
    const arms = { canary: ratios(canaryErrors), stable: ratios(stableErrors) };
    if (classifySeries(arms, settings, random).classification === 'High') high++;
  }
  return high / 200;
}

// Expected shares, found independently with NumPy: .12, .55, and of the exact interval .43 and 1.00 (standard error .035). The
// rank test beside the interval finds more, because counts as small as these tie.
test.each([
  { errors: 2, compat: 'kayenta', from: 0.04, to: 0.22 },
  { errors: 2, compat: 'none', from: 0.85, to: 1 },
  { errors: 3, compat: 'kayenta', from: 0.44, to: 0.66 },
  { errors: 3, compat: 'none', from: 0.98, to: 1 },
  { errors: 1, compat: 'none', from: 0, to: 0.01 },
] as const)(
  'at an error ratio of 1e-5, $errors times as many errors are found with compat: $compat between $from and $to of the time',
  ({ errors, compat, from, to }) => {
    const share = flagged(1, errors, compat);
    expect(share).toBeGreaterThanOrEqual(from);
    expect(share).toBeLessThanOrEqual(to);
  },
);
