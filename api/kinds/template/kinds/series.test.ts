import { describe, expect, it } from 'vitest';
import { seriesSettings } from '../../../../analysis/judge/series/series.ts';
import { formatIssue } from '../../../../lib/result.ts';
import { parseTemplate } from '../template.ts';

const parse = (series: object, beside: object = {}, interval = '15s') => {
  const metrics = [{ name: 'cpu', series: { query: 'q', ...series }, ...beside }];
  const result = parseTemplate({ interval, metrics });
  return result.ok ? result.value.metrics[0] : result.issues.map(formatIssue);
};

describe('a series metric', () => {
  it('without settings is judged as the judge does by default, once after 50 windows', () => {
    const { confidence, tolerance, effect, mustHaveData, compat, direction, nan } = seriesSettings();
    expect(parse({})).toEqual({
      type: 'series',
      name: 'cpu',
      critical: true,
      dryRun: false,
      query: 'q',
      direction,
      nan,
      test: { method: 'kayenta', looks: 1, horizonMs: 750_000 },
      kayenta: { confidence, tolerance, effect, mustHaveData, groups: [], compat },
    });
  });

  it('reads every setting', () => {
    const effect = {
      measure: 'cles',
      allowedIncrease: 0.6,
      allowedDecrease: 0.4,
      criticalIncrease: 0.8,
      criticalDecrease: 0.2,
    };
    const kayenta = {
      outlierFactor: 3,
      confidence: 0.95,
      tolerance: 0.1,
      effect,
      mustHaveData: true,
      groups: ['CPU and memory', 'all'],
      compat: 'none',
    };
    const beside = {
      direction: 'increase',
      nan: 'zero',
      test: { method: 'kayenta', looks: 2, horizon: '10m' },
    };
    expect(parse({ stableQuery: 's', ...kayenta }, beside)).toMatchObject({
      stableQuery: 's',
      kayenta,
      direction: 'increase',
      nan: 'zero',
      test: { method: 'kayenta', looks: 2, horizonMs: 600_000 },
    });
  });

  it('gates by the middle of the measure of effect where nothing is given', () => {
    const { effect } = seriesSettings({ effect: { measure: 'cles' } });
    expect(parse({ effect: { measure: 'cles' } })).toMatchObject({ kayenta: { effect } });
  });

  it.each<{ series?: object; beside?: object; interval?: string; want: string }>([
    {
      beside: { test: { method: 'fisher' } },
      want: 'test.method: "fisher" is not known; give one of kayenta, welch, mannWhitney, kolmogorovSmirnov',
    },
    {
      beside: { test: { looks: 2, horizon: '3m45s' } },
      want: 'test.horizon: "3m45s" is too short for 8 windows of 15s before each of 2 looks; give at least 4m, or fewer looks',
    },
    {
      beside: { test: { looks: 20 } },
      want: 'test.horizon: "12m30s" is too short for 8 windows of 15s before each of 20 looks; give at least 40m',
    },
    {
      beside: { test: { method: 'welch', horizon: '1h' } },
      want: 'test.horizon: "1h" is longer than 200 windows of 15s; give at most 50m, or a longer interval',
    },
    { beside: { test: { looks: 21 } }, want: 'test.looks: 21 is above 20; give a whole number from 1 to 20' },
    { beside: { test: { horizon: 'soon' } }, want: 'test.horizon: "soon" is not a duration' },
    { beside: { direction: 'up' }, want: 'direction: "up" is not known; give one of increase, decrease' },
    { beside: { nan: 'fail' }, want: 'nan: "fail" is not known; give one of remove, zero' },
    { beside: { margin: {} }, want: 'margin: {} is a field of errorRate and latency metrics, not of series' },
    { beside: { weight: 1 }, want: 'weight: 1 is a field of errorRate and latency metrics, not of series' },
    { beside: { ceiling: 0.1 }, want: 'ceiling: 0.1 is a field of errorRate metrics, not of series; remove' },
    { series: { query: '' }, want: 'series.query: "" is empty' },
    { series: { confidence: 1 }, want: 'series.confidence: 1 is above 0.9999' },
    {
      series: { effect: { allowedIncrease: 0.9 } },
      want: 'effect.allowedIncrease: 0.9 is too small; give a',
    },
    { series: { effect: { allowedDecrease: 1.1 } }, want: 'effect.allowedDecrease: 1.1 is above 1' },
    {
      series: { effect: { measure: 'cles', allowedIncrease: 1.2 } },
      want: 'allowedIncrease: 1.2 is above 1',
    },
    { series: { effect: { measure: 'mean' } }, want: 'effect.measure: "mean" is not known' },
    { series: { groups: ['a', 'a'] }, want: 'series.groups: "a" is there twice' },
    { series: { groups: ['_'] }, want: 'series.groups[0]: "_" is not the name of a group; give a letter or' },
    {
      series: { compat: 'kayenta', confidence: 0.9 },
      want: 'series.confidence: 0.9 has no effect with compat kayenta, which uses 0.98; remove it, or remove compat',
    },
    ...[
      ...[{ outlierFactor: 3 }, { confidence: 0.9 }, { tolerance: 0.1 }, { effect: {} }],
      ...[{ mustHaveData: true }, { groups: ['a'] }, { compat: 'none' }],
    ].map((series) => ({
      series,
      beside: { test: { method: 'welch' } },
      want: 'is a setting of the kayenta method, and test.method is welch; remove it, or set test.method to kayenta',
    })),
  ])('refuses $series $beside', ({ series = {}, beside, interval, want }) => {
    const issues = parse(series, beside, interval);
    expect(issues).toHaveLength(1);
    expect(issues).toEqual([expect.stringContaining(want)]);
  });

  it('takes a test.horizon that is measured in windows, however long they are', () => {
    const beside = { test: { method: 'mannWhitney', horizon: '200h' } };
    expect(parse({}, beside, '1h')).toMatchObject({ test: { horizonMs: 720_000_000 } });
  });
});
