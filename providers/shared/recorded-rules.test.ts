import { describe, expect, it } from 'vitest';
import { readRecordedRule } from './weighted-rules.ts';

const rule = { list: 'rules', fingerprint: 'abcde', weights: [null, 3] };

describe('the record of what a rule held before the first edit', () => {
  it('is read as it was written', () => {
    const whole = { ...rule, name: 'shop', total: 3, empty: ['filters'] };
    expect([readRecordedRule(rule), readRecordedRule(whole)]).toEqual([rule, whole]);
  });

  it.each([
    { what: 'no weights', change: { weights: undefined } },
    { what: 'a weight that is an object', change: { weights: [{}] } },
    { what: 'a weight below 0', change: { weights: [-1] } },
    { what: 'no list', change: { list: undefined } },
    { what: 'a total that is text', change: { total: '3' } },
    { what: 'empty lists that are no names', change: { empty: [1] } },
  ])('is dropped with $what, so that traffic can still be taken away', ({ change }) => {
    expect(readRecordedRule({ ...rule, ...change })).toBeUndefined();
  });
});
