import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { poisson } from '../../test/support/sampling.ts';
import { seeded, type Random } from '../../lib/random.ts';
import { checkShare, ENOUGH, shareInterval, type ShareResult } from './share.ts';

const LOOKS = 60;

/** One step of a release: what the check said at each of 60 looks, while `share` of the requests really goes to the canary. */
function step(random: Random, wanted: number, share: number, perLook = 150): ShareResult[] {
  const seen = { canary: 0, stable: 0 };
  return Array.from({ length: LOOKS }, () => {
    seen.canary += poisson(perLook * share, random);
    seen.stable += poisson(perLook * (1 - share), random);
    return checkShare(seen, wanted);
  });
}

const WEIGHTS = [0.01, 0.05, 0.25, 0.5, 0.9];

describe('false alarms over 60 looks', () => {
  test.each(WEIGHTS)('a split that is right is never refuted (%d)', (wanted) => {
    const random = seeded(7);
    const refuted = Array.from({ length: 150 }, () => step(random, wanted, wanted)).filter((looks) =>
      looks.some((result) => result !== 'asWanted' && result !== 'unverifiable'),
    );
    expect(refuted).toEqual([]);
  });

  // The worst case: the split is off by as much as is allowed. One release in 1000 may be refuted at any look.
  test.each(WEIGHTS)(
    'a share at the very edge of the band is refuted at most once in 1000 (%d)',
    (wanted) => {
      const random = seeded(11);
      const edge = wanted - Math.min(0.02, wanted / 2);
      const refuted = Array.from({ length: 600 }, () => step(random, wanted, edge)).filter((looks) =>
        looks.includes('tooLow'),
      ).length;
      // P(more than 5 | 600 × 0.001) < 1e-4
      expect(refuted).toBeLessThanOrEqual(5);
    },
  );

  test('more traffic than wanted is not found where all is right, nor inside the band', () => {
    const random = seeded(13);
    for (const wanted of WEIGHTS) {
      const looks = Array.from({ length: 100 }, () => step(random, wanted, wanted + 0.02)).flat();
      expect(looks).not.toContain('tooHigh');
    }
  });
});

describe('power', () => {
  const firstLook = (want: ShareResult, wanted: number, share: number): number => {
    const random = seeded(17);
    const found = Array.from({ length: 100 }, () => step(random, wanted, share).indexOf(want));
    expect(found).not.toContain(-1);
    return Math.max(...found) + 1;
  };

  test.each([
    { wanted: 0.05, share: 0, want: 'none', within: 4 },
    { wanted: 0.5, share: 0, want: 'none', within: 1 },
    { wanted: 0.01, share: 0, want: 'none', within: 16 },
    { wanted: 0.25, share: 0.05, want: 'tooLow', within: 2 },
    { wanted: 0.5, share: 0.25, want: 'tooLow', within: 2 },
    { wanted: 0.05, share: 0.01, want: 'tooLow', within: 20 },
    { wanted: 0.05, share: 0.5, want: 'tooHigh', within: 1 },
    { wanted: 0.05, share: 0.2, want: 'tooHigh', within: 5 },
    { wanted: 0.25, share: 0.5, want: 'tooHigh', within: 3 },
  ] as const)('$share instead of $wanted is found', ({ wanted, share, want, within }) => {
    expect(firstLook(want, wanted, share)).toBeLessThanOrEqual(within);
  });
});

test('the evidence is that of Robbins’ mixture, integrated by brute force', () => {
  const { canary, stable, wanted } = { canary: 3, stable: 120, wanted: 0.3 };
  const { high } = shareInterval({ canary, stable }, wanted);
  const [a, b] = [20 * wanted, 20 * (1 - wanted)];
  const kernel = (x: number, i: number, j: number) => x ** (i - 1) * (1 - x) ** (j - 1);
  const integral = (i: number, j: number) => {
    const n = 200_000;
    let sum = 0;
    for (let k = 0; k < n; k++) sum += kernel((k + 0.5) / n, i, j);
    return sum / n;
  };
  const mixture = integral(a + canary, b + stable) / integral(a, b);
  // at the bound of the confidence sequence the evidence is exactly the bar of 1000
  expect(mixture / (high ** canary * (1 - high) ** stable)).toBeCloseTo(1000, 4);
});

test('below 100 requests nothing is said, unless the canary got none of 20 that were due', () => {
  expect(checkShare({ canary: 40, stable: 59 }, 0.05)).toBe('unverifiable');
  expect(checkShare({ canary: 5, stable: ENOUGH - 5 }, 0.05)).toBe('asWanted');
  expect(checkShare({ canary: 0, stable: 0 }, 0.05)).toBe('unverifiable');
  expect(checkShare({ canary: 0, stable: 66 }, 0.3)).toBe('unverifiable');
  expect(checkShare({ canary: 0, stable: 67 }, 0.3)).toBe('none');
});

test('the interval holds the share that was seen, and a share is refuted only outside of it', () => {
  const count = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(
      count,
      count,
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (canary, stable, wanted) => {
        const result = checkShare({ canary, stable }, wanted);
        const { low, high } = shareInterval({ canary, stable }, wanted);
        const share = canary + stable === 0 ? wanted : canary / (canary + stable);
        expect(low).toBeLessThanOrEqual(share);
        expect(high).toBeGreaterThanOrEqual(share);
        if (result === 'tooLow') expect(high).toBeLessThan(wanted);
        if (result === 'tooHigh') expect(low).toBeGreaterThan(wanted);
      },
    ),
  );
});

test.each([
  [{ canary: 1, stable: 1 }, 0],
  [{ canary: 1, stable: 1 }, 1],
  [{ canary: -1, stable: 1 }, 0.5],
  [{ canary: NaN, stable: 1 }, 0.5],
])('%o of %d is no question', (counts, wanted) => {
  expect(() => checkShare(counts, wanted)).toThrow('share check needs');
});
