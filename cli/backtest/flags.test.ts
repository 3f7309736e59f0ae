import { describe, expect, it } from 'vitest';
import { readRange, readTarget, readWhole } from './flags.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('a target', () => {
  it('is a namespace and a name', () => {
    expect(readTarget('shop/checkout')).toEqual({ namespace: 'shop', name: 'checkout' });
  });

  it.each(['checkout', 'a/b/c', '/x', 'Shop/x', ''])('is refused: "%s"', (text) => {
    expect(() => readTarget(text)).toThrow(
      /--target: ".*" is not namespace\/name; give the Deployment like shop\/checkout/,
    );
  });
});

describe('a range', () => {
  it.each([
    { from: '24h', to: '0', want: { startMs: NOW - 86_400_000, endMs: NOW } },
    {
      from: '2026-01-30',
      to: '2026-01-31T10:00:00+02:00',
      want: { startMs: NOW - 36 * 3_600_000, endMs: NOW - 4 * 3_600_000 },
    },
  ])('$from to $to', ({ from, to, want }) => {
    expect(readRange({ from, to }, NOW)).toEqual(want);
  });

  it.each([
    { from: 'yesterday', to: '0', want: '--from: "yesterday" is not a time; give RFC 3339' },
    { from: '1h', to: 'noon', want: '--to: "noon" is not a time' },
    { from: '1h', to: '2h', want: '--from: "1h" is not before --to (2h); give an earlier time' },
    { from: '1h', to: '2026-02-01', want: '--to: "2026-02-01" lies in the future' },
  ])('is refused: $want', ({ from, to, want }) => {
    expect(() => readRange({ from, to }, NOW)).toThrow(want);
  });
});

it.each(['0', '-1', '1.5', 'many', '1e3', ''])('a number of runs is not "%s"', (text) => {
  expect(() => readWhole('--runs', text, { min: 1, max: 100 })).toThrow(
    /--runs: ".*" is not usable; give a whole number from 1 to 100/,
  );
});
