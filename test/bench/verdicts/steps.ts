import type { Group, Readings } from './group.ts';
import { binomial, randomOf } from './random.ts';
import type { Factor, PodCounts, StableTraffic } from './traffic.ts';
import { stableTraffic } from './traffic.ts';
import { PLAIN } from './errors.ts';
import type { TemplateChange } from './watch.ts';
import { errorNumbers, errorTemplate, learnt, Watch } from './watch.ts';

/** Groups in which the canary's weight rises 5 → 20 → 50%, on 20 pods with equal traffic. */

const PODS = 20;
export const WEIGHTS = [5, 20, 50] as const;

export interface Arms {
  canary: PodCounts;
  stable: PodCounts;
}

interface Split {
  weight: number;
  /** requests per pod and window */
  requests: number;
  /** probability of an error in either arm */
  canaryRate: number;
  stableRate: number;
  /** factor of one stable pod's errors; absent: 1 for all */
  sick?: (pod: number) => number;
}

export function split(
  random: () => number,
  { weight, requests, canaryRate, stableRate, sick = () => 1 }: Split,
): Arms {
  const canaries = Math.max(1, Math.round((PODS * weight) / 100));
  const pods = (count: number, name: string, rate: (pod: number) => number): PodCounts =>
    Object.fromEntries(
      Array.from({ length: count }, (_, pod) => [
        `${name}${pod}`,
        { total: requests, bad: binomial(requests, rate(pod), random) },
      ]),
    );
  return {
    canary: pods(canaries, 'web-canary-c', () => canaryRate),
    stable: pods(PODS - canaries, 'web-6d5f-s', (pod) => stableRate * sick(pod)),
  };
}

interface Past {
  seconds: number;
  podRps: number;
  rate: number;
  sick?: Factor | undefined;
}

export function pastOf(id: string, seed: number, { seconds, podRps, rate, sick }: Past): StableTraffic {
  const service = { ...PLAIN, podRps, rate, tickSeconds: seconds, minutes: 1 };
  return stableTraffic({ ...service, ...(sick === undefined ? {} : { sick }) }, [id, seed, 'past']);
}

export interface Climb {
  id: string;
  /** requests per second of the whole service */
  rps: number;
  rate: number;
  template?: TemplateChange;
  share?: number;
  /** factors of the canary's errors; absent: healthy, ×2, ×3 and exactly on the safe margin */
  effects?: Readonly<Record<string, number>>;
  /** a stable pod that is or was sick */
  sick?: Factor | undefined;
}

const EFFECTS = { aa: 1, x2: 2, x3: 3 };
/** The product's default: here the canary is exactly at the limit of what may never be promoted. */
const SAFE_MARGIN = { relative: 0.5, absolute: 0.001 };
const TICK_SECONDS = 15;
const DWELL_TICKS = 8;
const HOUR_TICKS = 240;
const SOON_MINUTES = 15;

/** End to end: a step ends when the verdict is "pass" and it has lasted two minutes. */
export function climbGroup(plan: Climb): Group {
  const { id, rps, rate, share, sick } = plan;
  const margin = 1 + SAFE_MARGIN.relative + SAFE_MARGIN.absolute / rate;
  const { effects = { ...EFFECTS, margin } } = plan;
  const template = errorTemplate(TICK_SECONDS, plan.template);
  const requests = Math.round((rps / PODS) * TICK_SECONDS);
  return {
    id,
    ...(share === undefined ? {} : { share }),
    run: (seed) => {
      const past = pastOf(id, seed, { seconds: TICK_SECONDS, podRps: rps / PODS, rate, sick });
      const from = learnt(template, seed, past.history);
      const readings: Readings = {};
      for (const [name, effect] of Object.entries(effects)) {
        const watch = new Watch(template, seed).from(from);
        const random = randomOf(id, seed, name);
        const end = climb(watch, (weight, minute) =>
          split(random, {
            weight,
            requests,
            canaryRate: rate * effect,
            stableRate: rate,
            ...(sick && { sick: (pod) => sick(minute, pod) }),
          }),
        );
        readings[`${name}/promoted`] = end.promoted;
        readings[`${name}/promoted15`] = end.promoted <= SOON_MINUTES ? 1 : 0;
        readings[`${name}/rolledBack`] = end.rolledBack;
      }
      return readings;
    },
  };
}

function climb(watch: Watch, draw: (weight: number, minute: number) => Arms) {
  const end = { promoted: Infinity, rolledBack: Infinity };
  let [step, since] = [0, 0];
  for (let tick = 1; tick <= HOUR_TICKS; tick++) {
    const minute = (tick * TICK_SECONDS) / 60;
    const arms = draw(WEIGHTS[step] ?? 50, minute);
    const { result } = watch.look(errorNumbers(arms), { nextWeight: WEIGHTS[step + 1] ?? 100 });
    if (result === 'fail') return { ...end, rolledBack: minute };
    if (result !== 'pass' || tick - since < DWELL_TICKS) continue;
    if (step === WEIGHTS.length - 1) return { ...end, promoted: minute };
    [step, since] = [step + 1, tick];
    watch.nextStep();
  }
  return end;
}
