import { expect, test } from 'vitest';
import { isCount, noCount } from './count.ts';

test('requests are counted up to 2^53 − 1: beyond that, one more is lost in a sum', () => {
  expect([0, 0.5, 2 ** 53 - 1].map(isCount)).toEqual([true, true, true]);
  expect([2 ** 53, 1e308, -1, Infinity, NaN].map(isCount)).toEqual([false, false, false, false, false]);
});

test.each([
  [2 ** 53, 'the requests are 9007199254740992, which is above 2^53 and no count; look at the exporter'],
  [-1, 'the requests are -1, which is below 0 and no count; look at the exporter'],
  [NaN, 'the requests are not a number'],
])('%s is refused with the remedy', (value, sentence) => {
  expect(noCount('the requests', value)).toContain(sentence);
});
