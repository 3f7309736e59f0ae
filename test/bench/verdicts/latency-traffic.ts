import type { Histogram, LatencyHistory } from '../../../api/analysis.ts';
import { logNormalTails } from '../../../analysis/stats/special/normal.ts';
import type { Random } from '../../../lib/random.ts';
import { binomial, randomOf } from './random.ts';

/** Histograms of a service with lognormal request times, window by window of a minute, pod by pod. */

const MEDIAN_SECONDS = 0.08;
const SIGMA = 0.8;
const MODES = { fast: 0.005, slow: 0.2, sigma: 0.3 };
const POD_REQUESTS = 600;
const PODS = 19;

/** Classic: the default buckets of the Prometheus clients. Native: schema 3, eight buckets per factor of two, bounds as measured. */
export const BOUNDS = {
  classic: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  native: Array.from({ length: 77 }, (_, i) => Number((2 ** ((i - 56) / 8)).toPrecision(8))),
} as const satisfies Record<Histogram['layout'], readonly number[]>;

/** How a canary is slower than stable. */
export interface Slowness {
  /** every request takes this many times longer */
  factor?: number;
  /** this share of requests takes a second and a half longer */
  stuck?: number;
  /** so many times more requests are in the slow mode of a service with two */
  slower?: number;
}

export interface LatencyService {
  layout: Histogram['layout'];
  /** both arms swing by ±50% in half an hour */
  drift: boolean;
  /** pods have slow bursts: ×3 for a minute and a half, 3% a minute */
  bursts: boolean;
  /** share of requests that take 200 ms where all others take 5 ms; absent: one mode of 80 ms */
  slowMode?: number;
  lookbackMinutes: number;
  minutes: number;
}

const STUCK_SECONDS = 1.5;
const SWING = 0.5;
const SWING_MINUTES = 30;
const BURST = { often: 0.03, minutes: 1.5, factor: 3 };
const WARM_UP = 10;

export type PodHistograms = Record<string, Histogram>;

export interface StableLatency {
  history: Required<LatencyHistory>;
  live: PodHistograms[];
}

type Key = readonly (string | number)[];

export function stableLatency(service: LatencyService, seed: Key): StableLatency {
  const { lookbackMinutes: past, layout } = service;
  const lists = Array.from({ length: PODS }, (_, pod) =>
    podCounts(service, { seed: [...seed, 'stable', pod], run: seed, slowness: {} }),
  );
  const names = lists.map((_, pod) => `web-6d5f-s${pod}`);
  return {
    history: {
      layout,
      bounds: [...BOUNDS[layout]],
      stable: Array.from({ length: past }, (_, minute) => added(lists.map((list) => list[minute]!))),
      pods: Object.fromEntries(names.map((name, pod) => [name, lists[pod]!.slice(0, past)])),
    },
    live: Array.from({ length: service.minutes }, (_, minute) =>
      Object.fromEntries(names.map((name, pod) => [name, histogram(layout, lists[pod]![past + minute]!)])),
    ),
  };
}

export function canaryLatency(service: LatencyService, seed: Key, slowness: Slowness): PodHistograms[] {
  const counts = podCounts(service, { seed: [...seed, 'canary'], run: seed, slowness });
  return counts
    .slice(service.lookbackMinutes)
    .map((minute) => ({ 'web-canary-c0': histogram(service.layout, minute) }));
}

export function histogram(layout: Histogram['layout'], counts: number[]): Histogram {
  return { layout, bounds: [...BOUNDS[layout]], counts };
}

export function added(lists: readonly (readonly number[])[]): number[] {
  const [first = [], ...others] = lists;
  const sum = [...first];
  for (const list of others) for (const [i, count] of list.entries()) sum[i] = (sum[i] ?? 0) + count;
  return sum;
}

interface Pod {
  seed: Key;
  run: Key;
  slowness: Slowness;
}

/** Counts by bucket, minute by minute, of the past and the release. */
function podCounts(service: LatencyService, { seed, run, slowness }: Pod): number[][] {
  const minutes = service.lookbackMinutes + service.minutes;
  const random = randomOf(...seed);
  const slow = service.bursts ? slowShares(random, minutes) : undefined;
  const phase = service.drift ? Math.floor(randomOf(...run, 'drift')() * SWING_MINUTES) : undefined;
  const factor = slowness.factor ?? 1;
  return Array.from({ length: minutes }, (_, minute) => {
    const swing = phase === undefined ? 1 : swingAt(minute + phase);
    const shape = {
      layout: service.layout,
      factor: factor * swing,
      stuck: slowness.stuck ?? 0,
      ...(service.slowMode === undefined ? {} : { slowMode: service.slowMode * (slowness.slower ?? 1) }),
    };
    const counts = new Array<number>(BOUNDS[service.layout].length + 1).fill(0);
    const inBurst = slow === undefined ? 0 : binomial(POD_REQUESTS, slow[minute]!, random);
    draw(counts, samplerOf(shape), POD_REQUESTS - inBurst, random);
    if (inBurst > 0)
      draw(counts, samplerOf({ ...shape, factor: shape.factor * BURST.factor }), inBurst, random);
    return counts;
  });
}

function swingAt(minute: number): number {
  return 1 + SWING * Math.sin((2 * Math.PI * (minute % SWING_MINUTES)) / SWING_MINUTES);
}

/** The share of each minute that is in a slow burst. Bursts begin anywhere in a minute. */
export function slowShares(random: Random, minutes: number): Float64Array {
  const shares = new Float64Array(minutes);
  let free = -WARM_UP;
  for (let minute = -WARM_UP; minute < minutes; minute++) {
    if (random() >= BURST.often) continue;
    const start = Math.max(free, minute + random());
    free = start + BURST.minutes;
    for (let m = Math.max(0, Math.floor(start)); m < Math.min(minutes, free); m++)
      shares[m]! += Math.min(m + 1, free) - Math.max(m, start);
  }
  return shares;
}

interface Shape {
  layout: Histogram['layout'];
  factor: number;
  stuck: number;
  slowMode?: number;
}

/** The share of requests that take no longer than `seconds`. */
export function shareBelow(seconds: number, { factor, stuck, slowMode }: Omit<Shape, 'layout'>): number {
  const mode = (at: number, median: number, sigma: number): number =>
    at <= 0 ? 0 : Math.exp(logNormalTails(Math.log(at / (median * factor)) / sigma).lower);
  const plain = (at: number): number =>
    slowMode === undefined
      ? mode(at, MEDIAN_SECONDS, SIGMA)
      : (1 - slowMode) * mode(at, MODES.fast, MODES.sigma) + slowMode * mode(at, MODES.slow, MODES.sigma);
  return (1 - stuck) * plain(seconds) + (stuck > 0 ? stuck * plain(seconds - STUCK_SECONDS) : 0);
}

/** Walker's alias tables: the cost of a draw does not depend on the number of buckets. */
interface Sampler {
  keep: Float64Array;
  alias: Uint16Array;
}

const SAMPLERS = new Map<string, Sampler>();

function samplerOf(shape: Shape): Sampler {
  const key = `${shape.layout}/${shape.factor}/${shape.stuck}/${shape.slowMode ?? ''}`;
  const known = SAMPLERS.get(key);
  if (known !== undefined) return known;
  const below = [...BOUNDS[shape.layout].map((bound) => shareBelow(bound, shape)), 1];
  const sampler = aliasTable(below.map((share, i) => share - (below[i - 1] ?? 0)));
  SAMPLERS.set(key, sampler);
  return sampler;
}

/** Vose's construction (1991). */
export function aliasTable(shares: readonly number[]): Sampler {
  const n = shares.length;
  const keep = Float64Array.from(shares, (share) => share * n);
  const alias = new Uint16Array(n);
  const [small, large]: [number[], number[]] = [[], []];
  for (const [i, value] of keep.entries()) (value < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.at(-1)!;
    alias[less] = more;
    keep[more]! -= 1 - keep[less]!;
    if (keep[more]! < 1) small.push(large.pop()!);
  }
  // what remains is 1, apart from rounding
  for (const i of [...small, ...large]) keep[i] = 1;
  return { keep, alias };
}

export function draw(into: number[], { keep, alias }: Sampler, times: number, random: Random): void {
  for (let i = 0; i < times; i++) {
    const at = random() * keep.length;
    const bucket = Math.floor(at);
    const chosen = at - bucket < keep[bucket]! ? bucket : alias[bucket]!;
    into[chosen]!++;
  }
}
