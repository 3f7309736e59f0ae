import type { Counts, History } from '../../../api/analysis.ts';
import type { Random } from '../../../lib/random.ts';
import type { Family } from './families.ts';
import { binomial, randomOf } from './random.ts';

/** The counts of a service with stable pods and canary pods, window by window, drawn from a family of error processes. */
export interface Service {
  family: Family;
  /** stable pods, and requests per second of each */
  pods: number;
  podRps: number;
  canaryPods: number;
  canaryPodRps: number;
  /** mean probability of an error of a healthy pod */
  rate: number;
  tickSeconds: number;
  /** stable's past from which the judge may learn */
  lookbackMinutes: number;
  /** length of the release */
  minutes: number;
}

/** The counts of one arm's pods in one window, by name. */
export type PodCounts = Record<string, Counts>;

export interface StableTraffic {
  history: Required<History>;
  /** the counts of all stable pods, for each window */
  live: PodCounts[];
}

/** `seed` names the run: the same seed gives the same stable arm, whatever the canary does. */
export function stableTraffic(service: Service, seed: readonly (string | number)[]): StableTraffic {
  const { pods, podRps, lookbackMinutes, tickSeconds } = service;
  const past = Math.round((lookbackMinutes * 60) / tickSeconds);
  const lists = Array.from({ length: pods }, (_, pod) =>
    podCounts(service, { seed: [...seed, 'stable', pod], shared: seed, rps: podRps, effect: 1 }),
  );
  const names = lists.map((_, pod) => `web-6d5f-s${pod}`);
  const named = (tick: number): PodCounts =>
    Object.fromEntries(names.map((name, pod) => [name, lists[pod]![past + tick]!]));
  return {
    history: {
      stable: Array.from({ length: past }, (_, tick) => sum(lists.map((list) => list[tick]!))),
      pods: Object.fromEntries(names.map((name, pod) => [name, lists[pod]!.slice(0, past)])),
    },
    live: Array.from({ length: lists[0]!.length - past }, (_, tick) => named(tick)),
  };
}

/**
 * The counts of the canary pods during the release; `effect` is the factor of their errors, on average; 1 for
 * a healthy canary.
 */
export function canaryTraffic(
  service: Service,
  seed: readonly (string | number)[],
  effect: number,
): PodCounts[] {
  const past = Math.round((service.lookbackMinutes * 60) / service.tickSeconds);
  const rps = service.canaryPodRps;
  const lists = Array.from({ length: service.canaryPods }, (_, pod) =>
    podCounts(service, { seed: [...seed, 'canary', pod], shared: seed, rps, effect }).slice(past),
  );
  return lists[0]!.map((_, tick) =>
    Object.fromEntries(lists.map((list, pod) => [`web-canary-c${pod}`, list[tick]!])),
  );
}

interface Pod {
  seed: readonly (string | number)[];
  shared: readonly (string | number)[];
  rps: number;
  effect: number;
}

/**
 * Past and release of one pod. Probabilities are drawn minute by minute, so the length of a window only
 * changes the resolution.
 */
function podCounts(service: Service, { seed, shared: run, rps, effect }: Pod): Counts[] {
  const { family, tickSeconds, rate } = service;
  const minutes = service.lookbackMinutes + service.minutes;
  const random = randomOf(...seed);
  const chances = family.pod(random, { minutes, requests: service.podRps * 60, rate, effect });
  const shared = family.shared?.(randomOf(...run, 'shared'), minutes);
  const total = Math.round(rps * tickSeconds);
  return Array.from({ length: Math.round((minutes * 60) / tickSeconds) }, (_, tick) => {
    const minute = Math.floor((tick * tickSeconds) / 60);
    const chance = chances[minute]! * (shared?.[minute] ?? 1);
    return { total, bad: errors(total, chance, random) };
  });
}

function errors(total: number, chance: number, random: Random): number {
  return binomial(total, Math.min(1, chance), random);
}

export function sum(counts: Iterable<Counts>): Counts {
  const all = { total: 0, bad: 0 };
  for (const { total, bad } of counts) {
    all.total += total;
    all.bad += bad;
  }
  return all;
}
