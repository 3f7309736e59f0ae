import type { Counts, History } from '../../../api/analysis.ts';
import type { Random } from '../../../lib/random.ts';
import { poisson } from '../../support/sampling.ts';
import type { Family } from './families.ts';
import { binomial, randomOf } from './random.ts';
import type { Mix, Users } from './users.ts';
import { mixes, PLAIN_MIX } from './users.ts';

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
  /** a stable pod that is or was sick */
  sick?: Factor;
  /** added to the probability of an error of every pod in both arms, minute by minute of the release */
  outage?: (minute: number) => number;
  /** users that stay with a pod or a version; absent: every request goes anywhere */
  users?: Users;
  /** requests arrive at random (Poisson) instead of equally many per window, which matters where they are few */
  arrivals?: 'random';
  /** how pods are called; `port`: all names end in the same part */
  names?: 'port';
}

/** Factor of one pod's errors; minutes count from the start of the release, and are below 0 before it. */
export type Factor = (minute: number, pod: number) => number;

/** Factor of the canary's errors: of all its pods all the time, or by minute and pod. */
export type Effect = number | Factor;

/** The counts of one arm's pods in one window, by name. */
export type PodCounts = Record<string, Counts>;

export interface StableTraffic {
  history: Required<History>;
  /** the counts of all stable pods, for each window */
  live: PodCounts[];
}

/** `seed` names the run: the same seed gives the same stable arm, whatever the canary does. */
export function stableTraffic(service: Service, seed: readonly (string | number)[]): StableTraffic {
  const { pods, podRps, lookbackMinutes, tickSeconds, sick } = service;
  const past = Math.round((lookbackMinutes * 60) / tickSeconds);
  const mixed = mixesOf(service, seed);
  const lists = Array.from({ length: pods }, (_, pod) =>
    podCounts(service, {
      seed: [...seed, 'stable', pod],
      shared: seed,
      rps: podRps,
      effect: sick === undefined ? 1 : (minute) => sick(minute, pod),
      mix: mixed.stable[pod] ?? PLAIN_MIX,
    }),
  );
  const names = lists.map((_, pod) => (service.names === 'port' ? `stable${pod}-8080` : `web-6d5f-s${pod}`));
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

/** The counts of the canary pods during the release; a healthy canary has the effect 1. */
export function canaryTraffic(
  service: Service,
  seed: readonly (string | number)[],
  effect: Effect,
): PodCounts[] {
  const past = Math.round((service.lookbackMinutes * 60) / service.tickSeconds);
  const rps = service.canaryPodRps;
  const mixed = mixesOf(service, seed);
  const lists = Array.from({ length: service.canaryPods }, (_, pod) =>
    podCounts(service, {
      seed: [...seed, 'canary', pod],
      shared: seed,
      rps,
      effect: typeof effect === 'number' ? effect : (minute) => effect(minute, pod),
      mix: mixed.canary[pod] ?? PLAIN_MIX,
    }).slice(past),
  );
  const name = (pod: number): string =>
    service.names === 'port' ? `canary${pod}-8080` : `web-canary-c${pod}`;
  return lists[0]!.map((_, tick) => Object.fromEntries(lists.map((list, pod) => [name(pod), list[tick]!])));
}

function mixesOf({ users, pods, canaryPods }: Service, seed: readonly (string | number)[]) {
  if (users === undefined) return { stable: [], canary: [] };
  return mixes(users, { stable: pods, canary: canaryPods }, randomOf(...seed, 'users'));
}

interface Pod {
  seed: readonly (string | number)[];
  shared: readonly (string | number)[];
  rps: number;
  effect: number | ((minute: number) => number);
  mix: Mix;
}

/**
 * Past and release of one pod. Probabilities are drawn minute by minute, so the length of a window only
 * changes the resolution.
 */
function podCounts(service: Service, { seed, shared: run, rps, effect, mix }: Pod): Counts[] {
  const { family, tickSeconds, rate, outage, arrivals } = service;
  const minutes = service.lookbackMinutes + service.minutes;
  const random = randomOf(...seed);
  const [constant, factor] = typeof effect === 'number' ? [effect, undefined] : [1, effect];
  const chances = family.pod(random, { minutes, requests: service.podRps * 60, rate, effect: constant });
  const shared = family.shared?.(randomOf(...run, 'shared'), minutes);
  const mean = rps * mix.traffic * tickSeconds;
  return Array.from({ length: Math.round((minutes * 60) / tickSeconds) }, (_, tick) => {
    const minute = Math.floor((tick * tickSeconds) / 60);
    const middle = ((tick + 0.5) * tickSeconds) / 60 - service.lookbackMinutes;
    const own = chances[minute]! * (shared?.[minute] ?? 1) * mix.errors * (factor?.(middle) ?? 1);
    const total = arrivals === 'random' ? poisson(mean, random) : Math.round(mean);
    return { total, bad: errors(total, own + (outage?.(middle) ?? 0), random) };
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
