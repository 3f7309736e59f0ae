import { expect, test } from 'vitest';
import { checkPromql } from './check.ts';

const check = (text: string, use: 'number' | 'counter' | 'histogram') =>
  checkPromql({ text, use, args: [], fenced: false });

test.each([
  ['sum(rate(http_requests_total[1m]))', 'takes differences itself (rate)'],
  ['increase (x[{{interval}}])', 'takes differences itself (increase)'],
  ['sum by (pod) (\n  irate(x{a="{{target}}"}[1m]) # of each pod\n)', 'takes differences itself (irate)'],
])('%s is no cumulative counter', (text, message) => {
  expect(check(text, 'counter')?.message).toBe(message);
  expect(check(text, 'number')).toBeUndefined();
});

test('a quantile is not the histogram it is taken of', () => {
  const text = 'histogram_quantile(0.9, x_bucket)';
  expect(check(text, 'histogram')?.message).toBe('takes a number out of the histogram');
  expect(check(text, 'counter')).toBeUndefined();
});

test.each([
  'x_total{path="/rate(1)"}',
  "x_total{path='it''s rate(1)'}".replace("''", ''),
  'x_total{path="a \\" rate(1)"}',
  'x_total{path=`rate(1) histogram_count(x)`}',
  'x_total # not rate(x)',
  'rate_limit_total',
])('%s is one, whatever its texts, names and comments say', (text) => {
  expect(check(text, 'counter')).toBeUndefined();
  expect(check(text, 'histogram')).toBeUndefined();
});
