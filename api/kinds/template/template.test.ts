import { describe, expect, it } from 'vitest';
import { formatIssue, type Result } from '../../../lib/result.ts';

import { defaultTemplate, parseTemplate } from './template.ts';

const { harmMargin: HARM, safeMargin: SAFE } = {
  harmMargin: { absolute: 1e-4, relative: 0.1 },
  safeMargin: { absolute: 1e-3, relative: 0.5 },
};
const issuesOf = (result: Result<unknown>) => (result.ok ? [] : result.issues.map(formatIssue));
const metric = (fields: object) => ({ metrics: [{ name: 'm', ...fields }] });
const first = (spec: unknown) => {
  const result = parseTemplate(spec);
  return result.ok ? result.value.metrics[0] : result.issues.map(formatIssue);
};

describe('parseTemplate', () => {
  it('takes no shorter interval than the controller that will measure, and says which it takes', () => {
    const spec = { ...metric({ errorRate: {} }), interval: '3s' };
    expect(parseTemplate(spec).ok).toBe(true);
    expect(issuesOf(parseTemplate(spec, 'spec', 5_000))).toEqual([
      expect.stringMatching(/^spec\.interval.*5s/) as unknown,
    ]);
  });

  it('gives the built-in template for one error-rate metric without more', () => {
    const spec = { metrics: [{ name: 'error-rate', errorRate: {} }] };
    expect(parseTemplate(spec)).toEqual({ ok: true, value: defaultTemplate() });
  });

  it('reads one pair of queries for both arms alike', () => {
    expect(first(metric({ errorRate: { bad: 'a{{service}}', total: 'b' } }))).toEqual({
      type: 'errorRate',
      weight: 1,
      test: { method: 'sequential' },
      name: 'm',
      critical: true,
      dryRun: false,
      queries: { canary: { bad: 'a{{service}}', total: 'b' }, stable: { bad: 'a{{service}}', total: 'b' } },
      harmMargin: HARM,
      safeMargin: SAFE,
    });
  });

  it('reads a pair of queries for each arm', () => {
    const errorRate = { canary: { bad: 'a', total: 'b' }, stable: { bad: 'c', total: 'd' } };
    expect(first(metric({ errorRate }))).toMatchObject({ queries: errorRate });
  });

  it('reads a threshold with its limits', () => {
    const threshold = { query: 'q', stableQuery: 's', success: 'value < 1', failure: 'value > 2' };
    const wire = {
      critical: false,
      dryRun: true,
      threshold,
      failureLimit: 2,
      counting: 'total',
      consecutiveErrorLimit: 0,
      inconclusiveLimit: 5,
      nan: 'zero',
    };
    expect(first(metric(wire))).toEqual({
      type: 'threshold',
      counting: 'total',
      consecutiveErrorLimit: 0,
      name: 'm',
      ...threshold,
      critical: false,
      dryRun: true,
      failureLimit: 2,
      inconclusiveLimit: 5,
      nan: 'zero',
    });
  });

  it('counts failures of a threshold in a row, and lets missing data never fail, unless told otherwise', () => {
    const read = first(metric({ threshold: { query: 'q', success: 'x' } }));
    expect(read).toMatchObject({ counting: 'consecutive' });
    expect(read).not.toHaveProperty('consecutiveErrorLimit');
  });

  it('reads how evidence of safety is kept', () => {
    const parsed = parseTemplate({ ...metric({ errorRate: {} }), safeEvidence: 'cumulative' });
    expect(parsed).toMatchObject({ ok: true, value: { safeEvidence: 'cumulative' } });
  });

  it.each([
    { margin: { relative: 0.2 }, harm: { absolute: 1e-4, relative: 0.2 }, safe: SAFE },
    { margin: { relative: 2 }, harm: { absolute: 1e-4, relative: 2 }, safe: { absolute: 1e-3, relative: 2 } },
    {
      margin: { safe: { absolute: 0.01 } },
      harm: HARM,
      safe: { absolute: 0.01, relative: 0.5 },
    },
    {
      margin: { harm: { absolute: 0, relative: 0 }, safe: { absolute: 0, relative: 0 } },
      harm: { absolute: 0, relative: 0 },
      safe: { absolute: 0, relative: 0 },
    },
  ])('reads the margin $margin', ({ margin, harm, safe }) => {
    expect(first(metric({ errorRate: {}, margin }))).toMatchObject({ harmMargin: harm, safeMargin: safe });
  });

  it.each([
    { spec: {}, want: 'spec.metrics: is missing; give at least one metric' },
    { spec: { metrics: [] }, want: 'spec.metrics: [] has 0 items' },
    { spec: metric({}), want: 'spec.metrics[0].errorRate: is missing; give one of errorRate, ' },
    {
      spec: metric({ errorRate: {}, direction: 'up' }),
      want: 'spec.metrics[0].direction: "up" is a field of series metrics, not of errorRate; remove it',
    },
    {
      spec: metric({ errorRate: {}, threshold: { query: 'q', success: 'x' } }),
      want: 'measures several things',
    },
    { spec: metric({ errorRate: { preset: 'ngnix' } }), want: 'did you mean nginx?' },
    { spec: metric({ errorRate: { preset: 'auto', bad: 'x', total: 'y' } }), want: 'mixes several ways' },
    { spec: metric({ errorRate: { bad: 'x' } }), want: 'spec.metrics[0].errorRate.total: is missing' },
    {
      spec: metric({ errorRate: { canary: { bad: 'x', total: 'y' } } }),
      want: 'errorRate.stable: is missing',
    },
    { spec: metric({ errorRate: { bad: ' ', total: 'y' } }), want: 'errorRate.bad: " " is empty' },
    { spec: metric({ threshold: { query: 'q' } }), want: 'threshold.success: is missing' },
    {
      spec: metric({ threshold: { query: 'q', successCondition: 'x', failure: 'y' } }),
      want: 'did you mean success?',
    },
    {
      spec: metric({ errorRate: {}, failureLimit: 1 }),
      want: 'spec.metrics[0].failureLimit: 1 is a field of threshold metrics, not of errorRate; remove it',
    },
    {
      spec: metric({ threshold: { query: 'q', success: 'x' }, counting: 'all' }),
      want: 'spec.metrics[0].counting: "all" is not known; give one of consecutive, total',
    },
    {
      spec: metric({ threshold: { query: 'q', success: 'x' }, consecutiveErrorLimit: 1.5 }),
      want: 'consecutiveErrorLimit: 1.5 is not a whole number; give a whole number from 0 to 1000',
    },
    {
      spec: metric({ threshold: { query: 'q', success: 'x' }, nan: 'remove' }),
      want: 'nan: "remove" is not known; give one of inconclusive, zero, fail',
    },
    {
      spec: { ...metric({ errorRate: {} }), safeEvidence: 'perstep' },
      want: 'spec.safeEvidence: "perstep" is not known; did you mean perStep?',
    },
    {
      spec: metric({ threshold: { query: 'q', success: 'x' }, margin: {} }),
      want: 'spec.metrics[0].margin: {} is a field of errorRate and latency metrics, not of threshold',
    },
    {
      spec: metric({ errorRate: {}, margin: { harm: { relative: 1 }, safe: { relative: 0.5 } } }),
      want: 'safe: 0.5 has a smaller relative part',
    },
    {
      spec: { ...metric({ errorRate: {} }), risk: { harm: 0 } },
      want: 'spec.risk.harm: 0 is too small; give a number from 0.000001',
    },
    { spec: { ...metric({ errorRate: {} }), risk: { safe: 0.9 } }, want: 'spec.risk.safe: 0.9 is above 0.5' },
    {
      spec: { ...metric({ errorRate: {} }), interval: '1ms' },
      want: 'spec.interval: "1ms" is shorter than 1s',
    },
    {
      spec: { ...metric({ errorRate: {} }), args: [{ name: '1x' }] },
      want: 'spec.args[0].name: "1x" is not an argument',
    },
    {
      spec: {
        metrics: [
          { name: 'm', errorRate: {} },
          { name: 'm', errorRate: {} },
        ],
      },
      want: '"m" is there twice',
    },
    { spec: metric({ errorRate: {}, critcal: true }), want: 'did you mean critical?' },
  ])('refuses $spec', ({ spec, want }) => {
    const issues = issuesOf(parseTemplate(spec));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toContain(want);
  });
});
