import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { poisson } from '../../test/support/sampling.ts';
import { seeded } from '../../lib/random.ts';
import { bet } from './bet.ts';
import { ceilingBar, ceilingBet, ceilingTick } from './ceiling.ts';
import type { HarmWealth } from './process.ts';
import { HARM_BETS, logHarm } from './process.ts';

const run = (counts: [n1: number, x1: number][], setting: { ceiling: number; phi: number }): number => {
  let wealth: HarmWealth = [];
  for (const [n1, x1] of counts) wealth = ceilingTick(wealth, { n1, x1 }, setting, 15);
  return logHarm(wealth);
};

describe('a bet against a ceiling', () => {
  test.each([1, 1.005, 1.02, 3, 10, 50])(
    'is the two-sample bet for endless stable traffic (dispersion %d)',
    (phi) => {
      for (const g of HARM_BETS.g) {
        const one = ceilingBet(g, phi);
        const two = bet(g, 1e-9, phi);
        expect(one.s / two.s1).toBeCloseTo(1, 6);
        expect(one.kappa / two.kappa1).toBeCloseTo(1, 6);
      }
    },
  );

  test('has expectation 1 at the ceiling: for Poisson counts, and for bursts of the dispersion it knows', () => {
    const mean = 3;
    for (const g of HARM_BETS.g) {
      for (const phi of [1, 4]) {
        const { s, kappa } = ceilingBet(g, phi);
        let sum = 0;
        for (let x = 0; x < 4000; x++) sum += Math.exp(logProbability(x, mean, phi) + s * x - mean * kappa);
        expect(sum).toBeCloseTo(1, 8);
      }
    }
  });

  test('grows fastest where the true rate is g times the ceiling', () => {
    for (const phi of [1, 5]) {
      for (const g of HARM_BETS.g) {
        const growth = (of: number) => {
          const { s, kappa } = ceilingBet(of, phi);
          return s * g - kappa;
        };
        expect(growth(g)).toBeGreaterThan(growth(g * 1.05));
        expect(growth(g)).toBeGreaterThan(growth(g / 1.05));
      }
    }
  });
});

/** ln P(x) of Poisson (φ = 1) or negative binomial with variance = φ × mean. */
function logProbability(x: number, mean: number, phi: number): number {
  if (phi === 1) return x * Math.log(mean) - mean - logGamma(x + 1);
  const size = mean / (phi - 1);
  return (
    logGamma(x + size) -
    logGamma(size) -
    logGamma(x + 1) -
    size * Math.log(phi) +
    x * Math.log((phi - 1) / phi)
  );
}

/** Stirling's series after shifting up. */
function logGamma(x: number): number {
  let [at, shift] = [x, 0];
  for (; at < 15; at++) shift += Math.log(at);
  const inverse = 1 / at;
  const series = inverse / 12 - inverse ** 3 / 360 + inverse ** 5 / 1260 - inverse ** 7 / 1680;
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

describe('evidence against a ceiling', () => {
  const setting = { ceiling: 0.01, phi: 1 };

  test('grows while the rate is above, and shrinks while it is below', () => {
    expect(
      run(
        Array.from({ length: 8 }, () => [150, 4.5]),
        setting,
      ),
    ).toBeGreaterThan(ceilingBar(0.05));
    expect(
      run(
        Array.from({ length: 40 }, () => [150, 0.5]),
        setting,
      ),
    ).toBeLessThan(0);
    expect(run([[0, 0]], setting)).toBe(0);
  });

  test('more dispersion asks for more of it', () => {
    const counts = Array.from({ length: 8 }, (): [number, number] => [150, 4.5]);
    expect(run(counts, { ceiling: 0.01, phi: 5 })).toBeLessThan(run(counts, setting));
  });

  test('at the ceiling the bar is reached in at most a tenth of the risk, over 240 looks', () => {
    const random = seeded(11);
    const runs = 2000;
    let reached = 0;
    for (let i = 0; i < runs; i++) {
      let wealth: HarmWealth = [];
      for (let tick = 0; tick < 240; tick++) {
        wealth = ceilingTick(wealth, { n1: 150, x1: poisson(1.5, random) }, setting, 15);
        if (logHarm(wealth) < ceilingBar(0.05)) continue;
        reached++;
        break;
      }
    }
    // 0.5% of 2000 runs is 10; three standard errors above are 20
    expect(reached).toBeLessThanOrEqual(20);
  });

  test('finite counts of any size never give NaN', () => {
    const counts = fc.tuple(
      fc.double({ min: 0, max: 1e12, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(counts, { maxLength: 5 }),
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        fc.double({ min: 1, max: 300, noNaN: true }),
        (windows, ceiling, phi) => {
          expect(
            run(
              windows.map(([n1, p]) => [n1, n1 * p]),
              { ceiling, phi },
            ),
          ).not.toBeNaN();
        },
      ),
    );
  });
});
