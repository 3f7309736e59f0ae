import { expect, test } from 'vitest';
import { isSelector, selectorsOf } from './selector.ts';

test.each([
  ['http_requests_total', true],
  [' http_requests_total{code=~"5.."} ', true],
  ['{__name__="a:b",x!="}"}', true],
  ['x{a="}\\"",b=`}`}', true],
  ['sum(http_requests_total)', false],
  ['a{x="1"} + b{x="1"}', false],
  ['x[5m]', false],
  ['x offset 5m', false],
  ['x{a="1"} @ 100', false],
  ['x{a="1"', false],
  ['', false],
  ['a or on (x) b', false],
  ['a{x="1"} or sum(b)', false],
  ['a{x="1"} or', false],
])('%s', (promql, want) => {
  expect(isSelector(promql)).toBe(want);
});

test('the parts of a union are told apart', () => {
  expect(selectorsOf(' a{x=" or b"} or  b OR {__name__="order"} ')).toEqual([
    'a{x=" or b"}',
    'b',
    '{__name__="order"}',
  ]);
});
