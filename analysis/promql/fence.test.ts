import { expect, test } from 'vitest';
import { fenced } from './fence.ts';

const FENCE = { label: 'namespace', value: 'shop' };

test.each([
  ['up', 'up{namespace="shop"}'],
  ['x{}', 'x{namespace="shop"}'],
  ['x{a="b",}', 'x{namespace="shop",a="b",}'],
  ['{a="b"}', '{namespace="shop",a="b"}'],
  [
    'sum by (a) (rate(x[5m])) / on (a) y offset 5m',
    'sum by (a) (rate(x{namespace="shop"}[5m])) / on (a) y{namespace="shop"} offset 5m',
  ],
  ['vector(1)', 'vector(1)'],
  ['x{namespace=~".*"}', 'x{namespace="shop",namespace=~".*"}'],
  ['x{namespace="bank"}', 'x{namespace="shop",namespace="bank"}'],
])('%s', (promql, query) => {
  expect(fenced(promql, FENCE)).toEqual({ ok: true, query });
});

test('a comment that ends earlier for Prometheus than for the grammar hides no selector', () => {
  expect(fenced('x# a\r or secret', FENCE)).toEqual({ ok: true, query: 'x{namespace="shop"} ' });
});

test.each([
  ['info(x)', 'info() reads more than its selectors name'],
  ['x or', 'it is not PromQL: ends too early at character 5'],
  ['x{a="', 'it is not PromQL: a string begins here that is not closed at character 5'],
])('%s is not asked at all', (promql, sentence) => {
  expect(fenced(promql, FENCE)).toEqual({ ok: false, sentence });
});
