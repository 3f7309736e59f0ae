import { expect, test } from 'vitest';
import { seeded, type Random } from '../../lib/random.ts';
import { eBenjaminiHochberg } from './e-bh.ts';

const rejected = (eValues: readonly number[], alpha = 0.05): number[] =>
  eBenjaminiHochberg(eValues.map(Math.log), alpha);

/** Worked by hand: with 4 hypotheses and 0.05 the bars are 80, 40, 26.7 and 20. */
test.each([
  { given: [], want: [], why: 'nothing to reject' },
  { given: [19], want: [], why: 'one hypothesis: the bar is 20' },
  { given: [20.001], want: [0], why: 'one hypothesis, above its bar' },
  { given: [79, 1, 1, 1], want: [], why: 'the largest is below 80' },
  { given: [1, 80.001, 1, 0], want: [1], why: 'only the largest is above its bar' },
  { given: [41, 1, 50, 1], want: [0, 2], why: 'neither is above 80, but two are above 40' },
  { given: [90, 1, 50, 1], want: [0, 2], why: 'the largest does not end the search' },
  { given: [27, 27, 1, 27], want: [0, 1, 3], why: 'three equal ones are above 26.7' },
  { given: [21, 21, 21, 21], want: [0, 1, 2, 3], why: 'all are above 20' },
  { given: [Infinity, 0, 39, 0], want: [0], why: 'infinite evidence, and a second one below 40' },
])('rejects $want of $given: $why', ({ given, want }) => {
  expect(rejected(given)).toEqual(want);
});

test('a smaller rate has a higher bar', () => {
  expect(rejected([300, 300], 0.01)).toEqual([0, 1]);
  expect(rejected([90, 90], 0.01)).toEqual([]);
});

test('refuses a rate outside 0 to 1, and NaN', () => {
  expect(() => eBenjaminiHochberg([1], 0)).toThrow('alpha: 0 is not between 0 and 1');
  expect(() => eBenjaminiHochberg([1], 1)).toThrow('alpha: 1 is not between 0 and 1');
  expect(() => eBenjaminiHochberg([1, NaN], 0.05)).toThrow('logs[1]: NaN');
});

const TRUE = 15;
const FALSE = 5;
const ALL = TRUE + FALSE;
const ALPHA = 0.2;
const RUNS = 4000;

/** ln of a calibrated p-value, 1 / (2 √p): mean 1 if p is uniform. */
const calibrated = (p: number): number => Math.log(0.5) - 0.5 * Math.log(p);

/**
 * The worst that Markov's inequality allows: `size` of the true hypotheses at a time have the value 1/p, all others 0,
 * and each has its turn with probability p. `part`: of the bar for that many rejections.
 */
function inTurn(u: number, { size, part }: { size: number; part: number }): number[] {
  const p = (ALPHA * size) / ALL / part;
  const turn = Math.floor(u / p);
  return Array.from({ length: ALL }, (_, i) =>
    i < TRUE && Math.floor(i / size) === turn ? -Math.log(p) : -Infinity,
  );
}

/** Families of dependence; each draw is ln of the e-values of the true hypotheses, then of the false ones. */
const FAMILIES: Record<string, (random: Random) => number[]> = {
  independent: (random) =>
    Array.from({ length: ALL }, (_, i) => calibrated(i < TRUE ? random() : random() ** 12)),
  'all equal': (random) => {
    const p = random();
    return Array.from({ length: ALL }, (_, i) => calibrated(i < TRUE ? p : p ** 12));
  },
  'true against false': (random) => {
    const p = random();
    return Array.from({ length: ALL }, (_, i) => calibrated(i < TRUE ? p : (1 - p) ** 12));
  },
  'one at a time, just above its bar': (random) => inTurn(random(), { size: 1, part: 1.0001 }),
  'one at a time, well below its bar': (random) => inTurn(random(), { size: 1, part: 0.5 }),
  'five at a time, just above their bar': (random) => inTurn(random(), { size: 5, part: 1.0001 }),
  'five at a time, well below their bar': (random) => inTurn(random(), { size: 5, part: 0.5 }),
  'all at once, just above their bar': (random) => inTurn(random(), { size: 15, part: 1.0001 }),
};

test.each(Object.keys(FAMILIES))('the false discovery rate stays below its bound: %s', (family) => {
  const random = seeded(12);
  const draw = FAMILIES[family]!;
  let sum = 0;
  for (let run = 0; run < RUNS; run++) {
    const found = eBenjaminiHochberg(draw(random), ALPHA);
    sum += found.filter((index) => index < TRUE).length / Math.max(1, found.length);
  }
  // the bound is alpha times the share of true hypotheses; three standard errors for chance
  const bound = (ALPHA * TRUE) / ALL;
  expect(sum / RUNS).toBeLessThan(bound + 3 * Math.sqrt((bound * (1 - bound)) / RUNS));
});
