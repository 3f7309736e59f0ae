import type { Random } from '../../../lib/random.ts';
import { gamma, normal } from '../../support/sampling.ts';
import { beta } from './random.ts';

/**
 * How errors arise: families of services, from the textbook one whose requests fail independently to those
 * whose pods have bad minutes. All have the same mean error rate, so they differ only in how errors cluster.
 */
export interface Family {
  id: string;
  title: string;
  /** probability of an error in each minute of one pod */
  pod: (random: Random, shape: Shape) => Float64Array;
  /** factor for all pods, minute by minute; absent: 1 */
  shared?: (random: Random, minutes: number) => Float64Array;
}

export interface Shape {
  minutes: number;
  /** requests of the pod per minute */
  requests: number;
  /** mean probability of an error of a healthy pod */
  rate: number;
  /** the factor of this pod's errors */
  effect: number;
}

/** The first minutes are left out, so that no burst process starts calm. */
const WARM_UP = 30;

const steady = ({ minutes, rate, effect }: Shape): Float64Array =>
  new Float64Array(minutes).fill(rate * effect);

const each = ({ minutes }: Shape, draw: () => number): Float64Array =>
  Float64Array.from({ length: minutes }, draw);

/** Beta-binomial minutes: variance φ × that of independent requests. */
function betaBinomial(phi: number): Family['pod'] {
  return (random, shape) => {
    const mean = shape.rate * shape.effect;
    const size = (shape.requests - 1) / (phi - 1) - 1;
    return each(shape, () => beta(mean * size, (1 - mean) * size, random));
  };
}

/** Negative-binomial minutes: variance φ × the mean. */
function negativeBinomial(phi: number): Family['pod'] {
  return (random, shape) => {
    const mean = shape.rate * shape.effect;
    const scale = (phi - 1) / shape.requests;
    return each(shape, () => gamma(mean / scale, random) * scale);
  };
}

/**
 * Autocorrelated lognormal intensity: marginal dispersion φ of a healthy minute, correlation `rho` from
 * minute to minute.
 */
function autoregressive(phi: number, rho: number): Family['pod'] {
  return (random, shape) => {
    const variance = Math.log1p((phi - 1) / (shape.requests * shape.rate));
    let log = normal(random);
    return each(shape, () => {
      const now = Math.exp(log * Math.sqrt(variance) - variance / 2);
      log = rho * log + Math.sqrt(1 - rho * rho) * normal(random);
      return shape.rate * shape.effect * now;
    });
  };
}

/** The same with the standard deviation of the logarithm instead of a dispersion. */
function wandering(sd: number, rho: number): Family['pod'] {
  return (random, shape) => {
    const phi = 1 + shape.requests * shape.rate * Math.expm1(sd * sd);
    return autoregressive(phi, rho)(random, shape);
  };
}

interface Bursts {
  /** probability per minute that a burst begins */
  often: number;
  times: number;
  /** minutes on average; a burst may end with each minute */
  lasting?: number;
}

/** A Markov chain of two states: bursts at `times` the rate. */
function bursts(burst: Bursts): Family['pod'] {
  const { often, times, lasting = BURST_MINUTES } = burst;
  return (random, shape) => {
    const factors = burstFactors(random, shape.minutes, burst);
    const share = (often * lasting) / (1 + often * lasting);
    const calm = (shape.rate * shape.effect) / (1 + share * (times - 1));
    return factors.map((factor) => calm * factor);
  };
}

const BURST_MINUTES = 3;

function burstFactors(
  random: Random,
  minutes: number,
  { often, times, lasting = BURST_MINUTES }: Bursts,
): Float64Array {
  const factors = new Float64Array(minutes).fill(1);
  let bursting = false;
  for (let minute = -WARM_UP; minute < minutes; minute++) {
    bursting = bursting ? random() >= 1 / lasting : random() < often;
    if (bursting && minute >= 0) factors[minute] = times;
  }
  return factors;
}

/** A swing of ±80% in half an hour, and incidents of ×5, for all pods of both arms. */
function incidents(random: Random, minutes: number): Float64Array {
  const phase = random() * 2 * Math.PI;
  const factors = burstFactors(random, minutes, { often: 0.02, times: 5 });
  return factors.map((factor, minute) => factor * (1 + 0.8 * Math.sin((2 * Math.PI * minute) / 30 + phase)));
}

/** Every pod has a rate of its own, with a coefficient of variation of 15%. */
function podEffects(random: Random, shape: Shape): Float64Array {
  const variance = Math.log1p(0.15 ** 2);
  const own = Math.exp(normal(random) * Math.sqrt(variance) - variance / 2);
  return steady(shape).map((rate) => rate * own);
}

export const FAMILIES = {
  iid: { id: 'iid', title: 'independent errors', pod: (_, shape) => steady(shape) },
  bb3: { id: 'bb3', title: 'beta-binomial minutes, φ 3', pod: betaBinomial(3) },
  bb10: { id: 'bb10', title: 'beta-binomial minutes, φ 10', pod: betaBinomial(10) },
  nb5: { id: 'nb5', title: 'negative-binomial minutes, φ 5', pod: negativeBinomial(5) },
  ar3: { id: 'ar3', title: 'wandering rate, φ 3, correlation .7', pod: autoregressive(3, 0.7) },
  ar5: { id: 'ar5', title: 'wandering rate, φ 5, correlation .5', pod: autoregressive(5, 0.5) },
  ar9: { id: 'ar9', title: 'wandering rate, φ 5, correlation .9', pod: autoregressive(5, 0.9) },
  mmpp: {
    id: 'mmpp',
    title: '×10 bursts of about 3 min, 2% a minute',
    pod: bursts({ often: 0.02, times: 10 }),
  },
  shared: {
    id: 'shared',
    title: 'incidents and swings of both arms',
    pod: (_, shape) => steady(shape),
    shared: incidents,
  },
  podfx: { id: 'podfx', title: 'pods that differ by 15%', pod: podEffects },
  rare: {
    id: 'rare',
    title: '×10 bursts of about 3 min, 0.2% a minute',
    pod: bursts({ often: 0.002, times: 10 }),
  },
  small: {
    id: 'small',
    title: '×3 bursts of about 3 min, 1% a minute',
    pod: bursts({ often: 0.01, times: 3 }),
  },
} as const satisfies Record<string, Family>;

export type FamilyId = keyof typeof FAMILIES;

/** Worse neighbours, for rooms of their own. */
export const HARD_FAMILIES = {
  ar6: { id: 'ar6', title: 'wandering rate, sd .6, correlation .7', pod: wandering(0.6, 0.7) },
  ar95: { id: 'ar95', title: 'wandering rate, sd .6, correlation .95', pod: wandering(0.6, 0.95) },
  burst20: {
    id: 'burst20',
    title: '×20 bursts of about 5 min, 0.5% a minute',
    pod: bursts({ often: 0.005, times: 20, lasting: 5 }),
  },
} as const satisfies Record<string, Family>;

export const ALL_FAMILIES = { ...FAMILIES, ...HARD_FAMILIES } as const;
export type AnyFamilyId = keyof typeof ALL_FAMILIES;
