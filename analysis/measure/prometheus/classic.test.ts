import { describe, expect, it } from 'vitest';
import type { Series } from './answer.ts';
import { classicTracks } from './classic.ts';

/** Series that count how often their labels or samples are read. */
function counted(labels: readonly Record<string, string>[]): { all: Series[]; reads: () => number } {
  let reads = 0;
  const all = labels.map((each) => ({
    get labels() {
      reads += 1;
      return each;
    },
    get samples() {
      reads += 1;
      return [{ timeMs: 1, value: each['le'] === '+Inf' ? labels.length : 1 }];
    },
  }));
  return { all, reads: () => reads };
}

/** One bound, written in `n` ways. */
const spelled = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ le: `1.${'0'.repeat(i % 50)}${'0'.repeat(Math.floor(i / 50))}` }));

it('two spellings of one bound in one scrape are added, in two scrapes they follow each other', () => {
  const bucket = (le: string, samples: Series['samples']): Series => ({ labels: { le }, samples });
  const read = classicTracks([
    bucket('1', [{ timeMs: 1, value: 3 }]),
    bucket('1.0', [
      { timeMs: 1, value: 4 },
      { timeMs: 2, value: 5 },
    ]),
    bucket('+Inf', [
      { timeMs: 1, value: 9 },
      { timeMs: 2, value: 9 },
    ]),
  ]);
  expect(read.ok && read.tracks[0]?.samples).toEqual([
    { timeMs: 1, buckets: { bounds: [1], counts: [7, 2] } },
    { timeMs: 2, buckets: { bounds: [1], counts: [5, 4] } },
  ]);
});

describe('classic histograms of somebody who sets labels freely', () => {
  it.each([1_000, 5_000, 10_000])('%i spellings of one bound are read once each', (n) => {
    const { all, reads } = counted([...spelled(n - 1), { le: '+Inf' }]);
    expect(classicTracks(all)).toMatchObject({ ok: true });
    expect(reads()).toBeLessThanOrEqual(3 * n);
  });

  it('60 000 series are refused before any of them is read', () => {
    const { all, reads } = counted(Array.from({ length: 60_000 }, () => ({ le: '1' })));
    expect(classicTracks(all)).toMatchObject({
      ok: false,
      outcome: 'badQuery',
      sentence: expect.stringMatching(/returns 60000 series, more than 10000; aggregate/) as unknown,
    });
    expect(reads()).toBe(0);
  });

  it('a histogram with more than 1 000 bounds is refused with the remedy', () => {
    const { all } = counted(Array.from({ length: 1_001 }, (_, i) => ({ le: String(i) })));
    expect(classicTracks(all)).toMatchObject({
      ok: false,
      sentence: expect.stringMatching(/has 1001 bounds, more than 1000/) as unknown,
    });
  });
});
