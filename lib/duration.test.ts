import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DURATION_MS, formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    { text: '0', want: 0 },
    { text: '0s', want: 0 },
    { text: '500ms', want: 500 },
    { text: '15s', want: 15_000 },
    { text: '2m', want: 120_000 },
    { text: '1h30m', want: 5_400_000 },
    { text: '1.5h', want: 5_400_000 },
    { text: '1m500ms', want: 60_500 },
    { text: '0.1s', want: 100 },
  ])('reads $text as $want ms', ({ text, want }) => {
    expect(parseDuration(text)).toBe(want);
  });

  it.each(['', '5', '-5s', 's', '5 s', '5S', '1d', '0.5ms', '1e3s', '999999999h', '5s ', '1s'.repeat(40)])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('never throws and never answers with anything but a whole, bounded number', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseDuration(text);
        return ms === undefined || (Number.isSafeInteger(ms) && ms >= 0 && ms <= MAX_DURATION_MS);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    { ms: 0, want: '0s' },
    { ms: 1, want: '1ms' },
    { ms: 90_000, want: '1m30s' },
    { ms: 3_600_000, want: '1h' },
    { ms: 86_400_000, want: '24h' },
  ])('writes $ms ms as $want', ({ ms, want }) => {
    expect(formatDuration(ms)).toBe(want);
  });

  it('is undone by parseDuration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
