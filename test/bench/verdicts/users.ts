import type { Random } from '../../../lib/random.ts';
import { normal } from '../../support/sampling.ts';

/** Users that stay where their first request went: each pod has the traffic and the errors of its own users. */
export interface Users {
  count: number;
  /** the k-th user sends k^-zipf as many requests as the first */
  zipf: number;
  /** standard deviation of the logarithm of how often the requests of a user fail */
  sd: number;
  /** users stay with one pod; or only with a version, whose pods share its users */
  stay: 'pod' | 'version';
}

/** Traffic and error rate of one pod, as multiples of those of an average pod. */
export interface Mix {
  traffic: number;
  errors: number;
}

export const PLAIN_MIX: Mix = { traffic: 1, errors: 1 };

interface Load {
  requests: number;
  bad: number;
}

/** Every user picks one of all pods; the mean over all pods, weighted by their traffic, is an average pod. */
export function mixes(
  { count, zipf, sd, stay }: Users,
  pods: { stable: number; canary: number },
  random: Random,
): { stable: Mix[]; canary: Mix[] } {
  const loads = Array.from({ length: pods.stable + pods.canary }, (): Load => ({ requests: 0, bad: 0 }));
  for (let user = 1; user <= count; user++) {
    const load = loads[Math.floor(random() * loads.length)]!;
    const requests = user ** -zipf;
    load.requests += requests;
    load.bad += requests * Math.exp(sd * normal(random));
  }
  const mean = average(loads);
  const arms = [loads.slice(0, pods.stable), loads.slice(pods.stable)].map((arm) =>
    (stay === 'pod' ? arm : arm.map(() => average(arm))).map((load) => ({
      traffic: load.requests / mean.requests,
      errors: load.bad / load.requests / (mean.bad / mean.requests),
    })),
  );
  return { stable: arms[0]!, canary: arms[1]! };
}

function average(loads: readonly Load[]): Load {
  const mean = (of: (load: Load) => number): number =>
    loads.reduce((sum, load) => sum + of(load), 0) / loads.length;
  return { requests: mean(({ requests }) => requests), bad: mean(({ bad }) => bad) };
}
