import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../../../lib/result.ts';
import { parseTemplate } from '../template.ts';

const parse = (beside: object, interval = '15s') => {
  const result = parseTemplate({ interval, metrics: [{ name: 'errors', errorRate: {}, ...beside }] });
  return result.ok ? result.value.metrics[0] : result.issues.map(formatIssue);
};

describe('an error rate', () => {
  it.each([
    { beside: { weight: 2.5, ceiling: 0.05 }, want: { weight: 2.5, ceiling: 0.05 } },
    { beside: { breakdown: { by: 'http_route' } }, want: { breakdown: { by: 'http_route' } } },
    { beside: { breakdown: { by: '_x' } }, want: { breakdown: { by: '_x' } } },
    { beside: { test: {} }, want: { test: { method: 'sequential' } } },
    {
      beside: { test: { method: 'fisher', horizon: '30m' }, ceiling: 0.5 },
      want: { test: { method: 'fisher', looks: 1, horizonMs: 1_800_000 }, ceiling: 0.5 },
    },
    {
      beside: { test: { method: 'twoProportionZ', looks: 4, horizon: '1m' } },
      want: { test: { method: 'twoProportionZ', looks: 4, horizonMs: 60_000 } },
    },
  ])('reads $beside', ({ beside, want }) => {
    expect(parse(beside)).toMatchObject(want);
  });

  it.each([
    {
      beside: { breakdown: {} },
      want: 'breakdown.by: is missing; name a label that the counters have, like route',
    },
    {
      beside: { breakdown: { by: '__name__' } },
      want: 'breakdown.by: "__name__" is not a label of metrics; give letters, digits and "_", not beginning with a digit or "__", at most 63 in all',
    },
    { beside: { breakdown: { by: 'route"} or {x="' } }, want: 'is not a label of metrics' },
    { beside: { breakdown: { by: '5xx' } }, want: 'is not a label of metrics' },
    {
      beside: { test: { looks: 2 } },
      want: 'test.looks: 2 is not a setting of the sequential method, which looks after every window; remove it, or set method to twoProportionZ or fisher',
    },
    {
      beside: { test: { method: 'sequential', horizon: '5m' } },
      want: 'test.horizon: "5m" is not a setting of the sequential method',
    },
    {
      beside: { test: { method: 'fisher' } },
      want: 'test.horizon: is missing; give the measured time until',
    },
    {
      beside: { test: { method: 'fisher', horizon: '59s' } },
      want: 'test.horizon: "59s" is shorter than 1m; give a duration from 1m to 24h',
    },
    {
      beside: { test: { method: 'twoProportionZ', horizon: '25h' } },
      want: 'test.horizon: "25h" is longer than 24h',
    },
    {
      beside: { test: { method: 'fisher', looks: 5, horizon: '1m' } },
      want: 'test.horizon: "1m" is too short for 1 window of 15s before each of 5 looks; give at least 1m15s, or fewer',
    },
    {
      beside: { test: { method: 'welch' } },
      want: 'test.method: "welch" is not known; give one of sequential,',
    },
    { beside: { test: 'fisher' }, want: 'test: "fisher" is a string, not an object' },
    { beside: { ceiling: 0 }, want: 'ceiling: 0 is too small; give a number from 0.000001 to 0.999999' },
    { beside: { ceiling: 1 }, want: 'ceiling: 1 is above 0.999999' },
    { beside: { weight: 1001 }, want: 'weight: 1001 is above 1000' },
    { beside: { direction: 'increase' }, want: 'direction: "increase" is a field of series metrics' },
    { beside: { counting: 'total' }, want: 'counting: "total" is a field of threshold metrics' },
  ])('refuses $beside', ({ beside, want }) => {
    const issues = parse(beside);
    expect(issues).toHaveLength(1);
    expect(issues).toEqual([expect.stringContaining(want)]);
  });
});
