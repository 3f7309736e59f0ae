import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Budget } from '../../api/budget.ts';
import { smallestHittingSets } from './hitting-sets.ts';

/** Every subset of the keys, smallest first: for inputs small enough to try them all. */
function byTryingAll(sets: string[][]): string[][] {
  const keys = [...new Set(sets.flat())].sort();
  const subsets = Array.from({ length: 2 ** keys.length }, (_, bits) =>
    keys.filter((__, i) => (bits & (1 << i)) !== 0),
  );
  const hitting = subsets.filter((subset) => sets.every((set) => set.some((key) => subset.includes(key))));
  const size = Math.min(...hitting.map((each) => each.length));
  return hitting.filter((each) => each.length === size).sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

const aSet = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), {
  minLength: 1,
  maxLength: 5,
});

describe('the smallest sets of labels that every Service selects by one of', () => {
  test('are those that trying all of them finds, in the order of the alphabet', () => {
    fc.assert(
      fc.property(fc.array(aSet, { minLength: 1, maxLength: 6 }), (sets) => {
        expect(smallestHittingSets(sets, new Budget(20_000))).toEqual(byTryingAll(sets));
      }),
    );
  });

  test('are not looked for beyond the budget, whatever the Services select by', () => {
    const sets = fc.array(fc.uniqueArray(fc.nat(400), { minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(sets, (numbers) => {
        const budget = new Budget(20_000);
        const found = smallestHittingSets(
          numbers.map((each) => each.map(String)),
          budget,
        );
        // The step that exceeds the budget is at most one look at every set.
        expect(budget.spent).toBeLessThanOrEqual(20_000 + 60 + 1);
        expect(found === undefined).toBe(budget.exceeded);
      }),
    );
  });

  test('there are none of ten keys in each of eight Services that share none: that is a hundred million sets', () => {
    const sets = Array.from({ length: 8 }, (_, i) => Array.from({ length: 10 }, (__, j) => `k${i}-${j}`));
    expect(smallestHittingSets(sets, new Budget(20_000))).toBeUndefined();
  });
});
