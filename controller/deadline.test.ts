import { expect, test } from 'vitest';
import { Overrun, within } from './deadline.ts';

const forever = (): never => {
  for (let i = 0; ; i = (i + 1) % 7);
};

test('work that never ends is ended, and what comes after it goes on', () => {
  expect(() => within(50, forever)).toThrow(Overrun);
  expect(within(60_000, () => 1 + 1)).toBe(2);
});

test.each([
  {
    of: 'a pattern that is tried in exponentially many ways',
    work: () => /^(a+)+$/.test(`${'a'.repeat(60)}b`),
  },
  {
    of: 'a list that is sorted by a comparison without end',
    work: () => [2, 1].sort(() => forever()),
  },
  { of: 'work that catches all that is thrown', work: swallowing },
])('$of is ended as well', ({ work }) => {
  expect(() => within<unknown>(50, work)).toThrow(Overrun);
});

function swallowing(): never {
  for (;;) {
    try {
      forever();
    } catch {
      // ignore the error and continue
    }
  }
}

test('what the work throws comes through as it is', () => {
  const bug = new TypeError('of the work');
  expect(() =>
    within(60_000, () => {
      throw bug;
    }),
  ).toThrow(bug);
});

test('work within work has its own end', () => {
  expect(within(60_000, () => [within(60_000, () => 1), 2])).toEqual([1, 2]);
});
