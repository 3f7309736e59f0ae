import { describe, expect, test } from 'vitest';
import type { Series } from './answer.ts';
import { firstSeen, hasSampleInside, increase, unproven } from './deltas.ts';

const window = { startMs: 100_000, endMs: 115_000 };

/** "90:5 105:7": value 5 at second 90, 7 at second 105. */
function series(samples: string, instance = 'a'): Series {
  return {
    labels: { job: 'web', instance },
    samples: samples.split(' ').map((text) => {
      const [seconds, value] = text.split(':').map(Number);
      return { timeMs: (seconds ?? NaN) * 1000, value: value ?? NaN };
    }),
  };
}

function count(one: Series, others: Series[] = [], raw = true): number {
  return increase(one, { window, seen: firstSeen([one, ...others]), raw });
}

describe('the increase of one counter', () => {
  test.each([
    ['from the last sample at or before the start', '80:1 100:5 105:7 115:9', 4],
    ['samples after the end belong to the next window', '95:5 110:7 116:20', 2],
    ['a restart counts the new value', '95:50 105:3 110:4', 4],
    ['no sample inside', '80:5 99:7', 0],
    ['only one sample, inside', '105:7', 0],
    ['fractional and huge', '95:1e12 105:1000000000000.5', 0.5],
  ])('%s', (_, samples, want) => {
    expect(count(series(samples))).toBe(want);
  });

  test('a series born on a source that was being scraped counts from 0', () => {
    expect(count(series('105:3 110:4'), [series('95:100 105:120')])).toBe(4);
  });

  test('a series born after its source appeared inside the window counts from 0', () => {
    expect(count(series('110:3 115:4'), [series('105:100 110:120')])).toBe(4);
  });

  test('a source whose scraping only begins counts from its first sample', () => {
    const bad = series('105:30 110:31', 'b');
    const total = series('105:500 110:520', 'b');
    const other = series('95:1 105:2', 'a');
    expect(count(bad, [total, other])).toBe(1);
    expect(count(total, [bad, other])).toBe(20);
    expect(unproven([bad, total, other], window, firstSeen([bad, total, other]))).toEqual(
      new Set(['["web","b"]']),
    );
  });

  test('a sum that falls lost a member; it did not restart', () => {
    expect(count(series('95:1000 105:900 110:910'), [], false)).toBe(10);
  });

  test('consecutive windows count everything once', () => {
    const samples = series('95:5 105:7 112:9 118:2 131:6');
    const next = { startMs: 115_000, endMs: 131_000 };
    const seen = firstSeen([samples]);
    const parts = [window, next].map((each) => increase(samples, { window: each, seen, raw: true }));
    expect(parts).toEqual([4, 6]);
    expect(increase(samples, { window: { startMs: 100_000, endMs: 131_000 }, seen, raw: true })).toBe(10);
  });
});

test('a sample inside is after the start, up to the end', () => {
  expect(hasSampleInside([series('100:1')], window)).toBe(false);
  expect(hasSampleInside([series('115:1')], window)).toBe(true);
  expect(hasSampleInside([series('116:1')], window)).toBe(false);
});
