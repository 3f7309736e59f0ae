import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestFirst } from './order.ts';

const release = (name: string, uid: string, second: number) => ({
  metadata: { name, creationTimestamp: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z` },
  spec: { target: { name: 'shop', uid } },
});

const ORDERS = {
  'later ones first': [release('shop-9', 'u', 9), release('shop-2', 'u', 2)],
  'by number within one second': [release('shop-10', 'u', 5), release('shop-9', 'u', 5)],
  'by number where another API server was behind': [release('shop-3', 'u', 4), release('shop-2', 'u', 5)],
  'those of a re-created Deployment before the old ones, whatever their numbers': [
    release('shop-2', 'new', 30),
    release('shop-1', 'new', 29),
    release('shop-8', 'old', 20),
    release('shop-7', 'old', 21),
  ],
};

describe('newestFirst', () => {
  it.each(Object.entries(ORDERS))('puts %s', (_, want) => {
    fc.assert(
      fc.property(fc.shuffledSubarray(want, { minLength: want.length }), (given) => {
        expect(newestFirst(given)).toEqual(want);
      }),
    );
  });

  it('takes what has neither time nor target', () => {
    expect(newestFirst([{ metadata: { name: 'a' } }, { metadata: { name: 'b-1' } }])).toHaveLength(2);
  });
});
