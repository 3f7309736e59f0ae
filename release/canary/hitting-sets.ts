import type { Budget } from '../../api/budget.ts';

type Keys = ReadonlySet<string>;

/**
 * The smallest sets with a member in each of `sets`, in the order of the alphabet; undefined: finding them takes more
 * than the budget. Their number may grow exponentially, so only the budget bounds the search.
 */
export function smallestHittingSets(
  sets: readonly (readonly string[])[],
  budget: Budget,
): string[][] | undefined {
  const distinct = new Map(sets.map((keys) => [[...keys].sort().join(), new Set(keys)]));
  // Small sets first: they leave the fewest branches at the start.
  const open: Keys[] = [...distinct.values()].sort((a, b) => a.size - b.size);
  if (!budget.spend(sets.length)) return undefined;
  for (let size = apart(open, budget); size <= open.length; size++) {
    const found = new Map<string, string[]>();
    collect({ found, budget }, open, { chosen: [], left: size });
    if (!budget.spend(0)) return undefined;
    if (found.size > 0) return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, keys]) => keys);
  }
  return [];
}

interface Search {
  found: Map<string, string[]>;
  budget: Budget;
}

/** Every way to hit the sets that are still open with `left` more keys. */
function collect(
  search: Search,
  open: readonly Keys[],
  { chosen, left }: { chosen: readonly string[]; left: number },
): void {
  const [first] = open;
  if (!search.budget.spend(1 + open.length)) return;
  if (first === undefined) {
    const keys = [...chosen].sort();
    search.found.set(keys.join(), keys);
    return;
  }
  if (left === 0 || apart(open, search.budget) > left) return;
  for (const key of first) {
    const rest = open.filter((keys) => !keys.has(key));
    collect(search, rest, { chosen: [...chosen, key], left: left - 1 });
    if (search.budget.exceeded) return;
  }
}

/** How many of the sets have no key in common: each of these needs a key of its own. */
function apart(sets: readonly Keys[], budget: Budget): number {
  const used = new Set<string>();
  let count = 0;
  for (const keys of sets) {
    if (!budget.spend(keys.size)) return count;
    if ([...keys].some((key) => used.has(key))) continue;
    count += 1;
    for (const key of keys) used.add(key);
  }
  return count;
}
