import { expect, test } from 'vitest';
import { metricsOf, resolvePresets } from './bound.ts';
import { formatIssue } from '../lib/result.ts';
import type { BoundTemplate } from './kinds/template/bound.ts';
import type { Metric } from './kinds/template/metric.ts';

const margins = {
  harmMargin: { absolute: 1e-4, relative: 0.1 },
  safeMargin: { absolute: 1e-3, relative: 0.5 },
};
const queries = { canary: { bad: 'b1', total: 't1' }, stable: { bad: 'b0', total: 't0' } };

function errors(name: string, preset?: string): Metric {
  const base = {
    type: 'errorRate',
    name,
    critical: true,
    dryRun: false,
    weight: 1,
    test: { method: 'sequential' },
    ...margins,
  } as const;
  return preset === undefined ? base : { ...base, preset };
}

function slow(preset: string): Metric {
  return {
    type: 'latency',
    name: 'slow',
    critical: true,
    dryRun: false,
    weight: 1,
    preset,
    quantiles: [0.5],
    requireProof: false,
    ...margins,
  };
}

function bound(template: string, ...metrics: Metric[]): BoundTemplate {
  return {
    use: { template, args: {} },
    template: {
      args: [],
      intervalMs: 15_000,
      prometheus: 'default',
      risk: { harm: 0.05, safe: 0.1 },
      safeEvidence: 'perStep',
      metrics,
    },
  };
}

test('a metric is called by its name, and by its template where the name is not unique', () => {
  const keys = (...templates: BoundTemplate[]) => metricsOf(templates).map(({ key }) => key);
  expect(keys(bound('http', errors('errors'), errors('slow')))).toEqual(['errors', 'slow']);
  expect(keys(bound('a', errors('errors')), bound('b', errors('errors')))).toEqual(['a/errors', 'b/errors']);
  expect(keys(bound('a', errors('errors')), bound('a', errors('errors')))).toEqual([
    'a/errors',
    'a/errors#2',
  ]);
});

test('"auto" takes the preset of the provider in use, a name that of another', () => {
  const istio = { ...queries, canary: { bad: 'i', total: 'i' } };
  const presets = [
    { name: 'nginx', ...queries },
    { name: 'istio', ...istio },
  ];
  const resolved = resolvePresets(
    bound('http', errors('a'), errors('b', 'auto'), errors('c', 'istio')),
    presets,
    'nginx',
  );
  if (!resolved.ok) throw new Error('refused');
  expect(
    resolved.value.template.metrics.map((metric) => metric.type === 'errorRate' && metric.queries),
  ).toEqual([queries, queries, istio]);
});

test('a latency metric takes the histograms of its preset', () => {
  const latency = { canary: { buckets: 'c' }, stable: { buckets: 's' } };
  const resolved = resolvePresets(
    bound('http', slow('auto')),
    [{ name: 'nginx', ...queries, latency }],
    'nginx',
  );
  expect(resolved).toMatchObject({ ok: true, value: { template: { metrics: [{ queries: latency }] } } });
});

test('a preset without histograms is refused for latency, with those that have some', () => {
  const latency = { canary: { buckets: 'c' }, stable: { buckets: 's' } };
  const presets = [
    { name: 'nginx', ...queries, latency },
    { name: 'plain', ...queries },
  ];
  const refused = (given: typeof presets) => {
    const resolved = resolvePresets(bound('http', slow('plain')), given, 'nginx');
    return resolved.ok ? [] : resolved.issues.map(formatIssue);
  };
  const message =
    'AnalysisTemplate http: spec.metrics[0].latency.preset: plain has no histogram of durations (preset plain); ';
  expect(refused(presets)).toEqual([`${message}name one of nginx, or give queries of your own`]);
  expect(refused(presets.slice(1))).toEqual([`${message}give queries of your own`]);
});

test.each([
  ['an unknown preset', 'toString', 'nginx', 'is not a preset'],
  ['auto where none fits', 'auto', { sentence: 'nobody counts' }, 'finds no queries that fit: nobody counts'],
])('%s is refused with what to write instead', (_, preset, inUse, message) => {
  const resolved = resolvePresets(bound('http', errors('a', preset)), [{ name: 'nginx', ...queries }], inUse);
  if (resolved.ok) throw new Error('accepted');
  expect(resolved.issues[0]?.path).toBe('AnalysisTemplate http: spec.metrics[0].errorRate.preset');
  expect(resolved.issues[0]?.message).toContain(message);
  expect(resolved.issues[0]?.remedy).toContain('nginx');
});
