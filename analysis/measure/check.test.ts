import { expect, test } from 'vitest';
import { formatIssue } from '../../lib/result.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { checkTemplate } from './check.ts';
import { latency } from '../../test/support/latency-objects.ts';
import { boundTo, errorRate, series, threshold } from '../../test/support/judge-objects.ts';

function issues(...metrics: Metric[]): string[] {
  const { template } = boundTo(metrics, { args: [{ name: 'path' }] });
  return checkTemplate(template, 'AnalysisTemplate http: spec').map(formatIssue);
}

const good = { bad: 'errors{path="{{args.path}}"}', total: 'requests{path="{{args.path}}"}' };

test('a template without fault has no issue', () => {
  expect(
    issues(
      errorRate({ queries: { canary: good, stable: good } }),
      threshold({ query: 'rate(x{pod=~"{{pods}}"}[1m])', failure: 'value > 1', success: 'value < 0.5' }),
      errorRate(),
      latency(),
      latency({
        queries: { canary: { buckets: 'time_bucket' }, stable: { buckets: 'time{s="{{service}}"}' } },
      }),
      series({ query: 'avg(rate(x{pod=~"{{pods}}"}[1m]))', stableQuery: 'histogram_quantile(0.9, x)' }),
    ),
  ).toEqual([]);
});

test('every fault is named with its field, its value and what to write instead', () => {
  const wrong = { bad: 'rate(errors[1m])', total: 'requests{path="{{pfad}}"}' };
  const found = issues(
    errorRate({ queries: { canary: good, stable: wrong } }),
    threshold({ query: '', stableQuery: 'x{pod="{{pods}}"}', failure: 'value = 1' }),
  );
  expect(found).toHaveLength(5);
  for (const [i, piece] of [
    'AnalysisTemplate http: spec.metrics[0].errorRate.stable.bad: rate(errors[1m]) takes differences itself (rate); give the counter alone',
    'AnalysisTemplate http: spec.metrics[0].errorRate.stable.total: {{pfad}} is not a variable; use one of',
    'AnalysisTemplate http: spec.metrics[1].threshold.query: is empty; write a PromQL query',
    'AnalysisTemplate http: spec.metrics[1].threshold.stableQuery: {{pods}} is a list',
    'AnalysisTemplate http: spec.metrics[1].threshold.failure: "value = 1" cannot be used: "value = 1" is not allowed',
  ].entries()) {
    expect(found[i]).toContain(piece);
  }
});

test('queries of latency and series are checked as well', () => {
  const buckets = (text: string) => ({ buckets: text });
  const found = issues(
    latency({
      queries: {
        canary: buckets('rate(time_bucket[1m])'),
        stable: buckets('histogram_quantile(0.99, time_bucket)'),
      },
    }),
    series({ query: 'x{pod="{{pods}}"}', stableQuery: 'x{a="{{b}}"}' }),
  );
  expect(found).toHaveLength(4);
  for (const [i, piece] of [
    'spec.metrics[0].latency.canary.buckets: rate(time_bucket[1m]) takes differences itself (rate)',
    'spec.metrics[0].latency.stable.buckets: histogram_quantile(0.99, time_bucket) takes a number out of the histogram; give the histogram itself',
    'spec.metrics[1].series.query: {{pods}} is a list',
    'spec.metrics[1].series.stableQuery: {{b}} is not a variable',
  ].entries()) {
    expect(found[i]).toContain(piece);
  }
});
