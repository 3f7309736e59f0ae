import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../../../lib/result.ts';
import { parseTemplate } from '../template.ts';

const parse = (latency: object, beside: object = {}) => {
  const result = parseTemplate({ metrics: [{ name: 'slow', latency, ...beside }] });
  return result.ok ? result.value.metrics[0] : result.issues.map(formatIssue);
};

describe('a latency metric', () => {
  it('without settings takes the preset of the provider and three quantiles', () => {
    expect(parse({})).toEqual({
      type: 'latency',
      name: 'slow',
      critical: true,
      dryRun: false,
      weight: 1,
      preset: 'auto',
      quantiles: [0.5, 0.95, 0.99],
      requireProof: false,
      harmMargin: { relative: 0.1, absolute: 2e-4 },
      safeMargin: { relative: 0.25, absolute: 2e-4 },
    });
  });

  it('takes one query for both arms, or one for each', () => {
    const [canary, stable] = [{ buckets: 'a' }, { buckets: 'b' }];
    expect(parse(canary)).toMatchObject({ queries: { canary, stable: canary } });
    expect(parse({ canary, stable })).toMatchObject({ queries: { canary, stable } });
  });

  it.each([
    { given: { quantile: 0.9 }, want: [0.9] },
    { given: { quantiles: [0.99, 0.5] }, want: [0.5, 0.99] },
  ])('reads $given in ascending order', ({ given, want }) => {
    expect(parse(given)).toMatchObject({ quantiles: want });
  });

  it('keeps its safe margin at or above its harm margin', () => {
    expect(parse({}, { margin: { relative: 0.5, absolute: 1e-3 } })).toMatchObject({
      harmMargin: { relative: 0.5, absolute: 1e-3 },
      safeMargin: { relative: 0.5, absolute: 1e-3 },
    });
  });

  it.each<{ latency: object; beside?: object; want: string }>([
    { latency: { quantile: 1 }, want: 'latency.quantile: 1 is above 0.999999; give a number from 0.000001' },
    { latency: { quantiles: [0.5, 0] }, want: 'latency.quantiles[1]: 0 is too small' },
    { latency: { quantiles: [] }, want: 'latency.quantiles: [] has 0 items; give a list of 1 to 5' },
    { latency: { quantiles: [0.5, 0.5] }, want: 'latency.quantiles: 0.5 is there twice' },
    { latency: { quantile: 0.5, quantiles: [0.9] }, want: 'latency.quantile: 0.5 is given beside quantiles' },
    { latency: { preset: 'auto', buckets: 'x' }, want: 'latency: ["preset","buckets"] mixes several ways' },
    {
      latency: { canary: { buckets: 'x' } },
      want: 'latency.stable: is missing; give buckets for the stable',
    },
    { latency: { bucket: 'x' }, want: 'latency.bucket: "x" is in a field that does not exist; did you mean' },
    { latency: { requireProof: 'true' }, want: 'requireProof: "true" is a string; give true or false, with' },
    { latency: {}, beside: { weight: 0 }, want: 'weight: 0 is too small; give a number from 0.001 to 1000' },
    { latency: {}, beside: { nan: 'zero' }, want: 'nan: "zero" is a field of series and threshold' },
    {
      latency: {},
      beside: { margin: { harm: { relative: 1 }, safe: { relative: 0.5 } } },
      want: 'margin.safe: 0.5 has a smaller relative part than margin.harm; give a safe margin of at least 1',
    },
  ])('refuses $latency $beside', ({ latency, beside, want }) => {
    const issues = parse(latency, beside);
    expect(issues).toHaveLength(1);
    expect(issues).toEqual([expect.stringContaining(want)]);
  });
});
