import { describe, expect, it } from 'vitest';
import { parseWith } from '../../lib/schema/fields.ts';
import { formatIssue } from '../../lib/result.ts';
import { readHistogram } from './numbers.ts';

const read = (value: unknown) => parseWith(value, 'canary', readHistogram);

describe('a histogram', () => {
  it('is read from bounds and counts', () => {
    expect(read({ bounds: [0.1, 1], counts: [90, 8, 2], layout: 'native' })).toEqual({
      ok: true,
      value: { bounds: [0.1, 1], counts: [90, 8, 2], layout: 'native' },
    });
  });

  it('is read from cumulative buckets in any order', () => {
    const buckets = { '+Inf': 100, '10': 99.5, '0.1': 90, '1e0': 98 };
    expect(read({ buckets })).toEqual({
      ok: true,
      value: { bounds: [0.1, 1, 10], counts: [90, 8, 1.5, 0.5], layout: 'classic' },
    });
  });

  it('may be empty', () => {
    expect(read({ buckets: { '+Inf': 0 } })).toEqual({
      ok: true,
      value: { bounds: [], counts: [0], layout: 'classic' },
    });
  });

  it.each([
    {
      value: { buckets: { '1': 5 } },
      want: 'canary.buckets: {"1":5} has no bucket "+Inf"; give the number of all',
    },
    {
      value: { buckets: { '1': 5, '+Inf': 4 } },
      want: 'canary.buckets["+Inf"]: 4 is less than the bucket before it (5)',
    },
    { value: { buckets: { a: 5, '+Inf': 4 } }, want: 'canary.buckets["a"]: 5 has no number for a bound' },
    { value: { buckets: { '+Inf': '4' } }, want: 'canary.buckets["+Inf"]: "4" is a string; give a number' },
    {
      value: { bounds: [1], counts: [1] },
      want: 'canary.counts: [1] has 1 items for 1 bounds; give one count more',
    },
    { value: { bounds: [2, 1], counts: [1, 1, 1] }, want: 'canary.bounds: [2,1] do not ascend; sort them' },
    { value: { bounds: [1], counts: [1, -1] }, want: 'canary.counts[1]: -1 is too small' },
    { value: { counts: [1] }, want: 'canary.bounds: is missing; give bounds and counts, or buckets' },
  ])('is refused: $want', ({ value, want }) => {
    const result = read(value);
    expect(result.ok ? [] : result.issues.map(formatIssue)).toEqual([expect.stringContaining(want)]);
  });
});
