import type { Group, Readings } from './group.ts';
import { pooledZ } from './peers.ts';
import { binomial, randomOf } from './random.ts';
import type { PodCounts, StableTraffic } from './traffic.ts';
import { stableTraffic, sum } from './traffic.ts';
import { PLAIN } from './errors.ts';
import type { TemplateChange } from './watch.ts';
import { errorNumbers, errorTemplate, learnt, Watch } from './watch.ts';

/** Groups in which the canary's weight rises 5 → 20 → 50%, on 20 pods with equal traffic. */

const PODS = 20;
const WEIGHTS = [5, 20, 50] as const;

interface Arms {
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
}

function split(random: () => number, { weight, requests, canaryRate, stableRate }: Split): Arms {
  const canaries = Math.max(1, Math.round((PODS * weight) / 100));
  const pods = (count: number, name: string, rate: number): PodCounts =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `web-${name}${i}`,
        { total: requests, bad: binomial(requests, rate, random) },
      ]),
    );
  return { canary: pods(canaries, 'c', canaryRate), stable: pods(PODS - canaries, 's', stableRate) };
}

function pastOf(
  id: string,
  seed: number,
  tick: { seconds: number; podRps: number; rate: number },
): StableTraffic {
  const service = { ...PLAIN, podRps: tick.podRps, rate: tick.rate, tickSeconds: tick.seconds, minutes: 1 };
  return stableTraffic(service, [id, seed, 'past']);
}

export interface Climb {
  id: string;
  /** requests per second of the whole service */
  rps: number;
  rate: number;
  template?: TemplateChange;
  share?: number;
}

const EFFECTS = { aa: 1, x2: 2, x3: 3 };
/** The product's default: here the canary is exactly at the limit of what may never be promoted. */
const SAFE_MARGIN = { relative: 0.5, absolute: 0.001 };
const TICK_SECONDS = 15;
const DWELL_TICKS = 8;
const HOUR_TICKS = 240;

/** End to end: a step ends when the verdict is "pass" and it has lasted two minutes. */
export function climbGroup({ id, rps, rate, share, template: change }: Climb): Group {
  const template = errorTemplate(TICK_SECONDS, change);
  const requests = Math.round((rps / PODS) * TICK_SECONDS);
  return {
    id,
    ...(share === undefined ? {} : { share }),
    run: (seed) => {
      const past = pastOf(id, seed, { seconds: TICK_SECONDS, podRps: rps / PODS, rate });
      const from = learnt(template, seed, past.history);
      const readings: Readings = {};
      for (const [name, effect] of Object.entries({
        ...EFFECTS,
        margin: 1 + SAFE_MARGIN.relative + SAFE_MARGIN.absolute / rate,
      })) {
        const watch = new Watch(template, seed).from(from);
        const random = randomOf(id, seed, name);
        const end = climb(watch, (weight) =>
          split(random, { weight, requests, canaryRate: rate * effect, stableRate: rate }),
        );
        readings[`${name}/promoted`] = end.promoted;
        readings[`${name}/rolledBack`] = end.rolledBack;
      }
      return readings;
    },
  };
}

function climb(watch: Watch, draw: (weight: number) => Arms) {
  const end = { promoted: Infinity, rolledBack: Infinity };
  let [step, since] = [0, 0];
  for (let tick = 1; tick <= HOUR_TICKS; tick++) {
    const arms = draw(WEIGHTS[step] ?? 50);
    const { result } = watch.look(errorNumbers(arms), WEIGHTS[step + 1] ?? 100);
    const minute = (tick * TICK_SECONDS) / 60;
    if (result === 'fail') return { ...end, rolledBack: minute };
    if (result !== 'pass' || tick - since < DWELL_TICKS) continue;
    if (step === WEIGHTS.length - 1) return { ...end, promoted: minute };
    [step, since] = [step + 1, tick];
    watch.nextStep();
  }
  return end;
}

const DRIFT = [0.005, 0.01, 0.02] as const;
const STEP_MINUTES = 10;

/**
 * Simpson's paradox: ten minutes per weight while the baseline of both arms drifts; `down` drifts the other
 * way.
 */
export function simpsonGroup(id: string): Group {
  const seconds = 60;
  const template = errorTemplate(seconds);
  const podRps = 10;
  return {
    id,
    run: (seed) => {
      const readings: Readings = {};
      for (const [name, drift] of Object.entries({ up: DRIFT, down: DRIFT.toReversed() })) {
        const past = pastOf(id, seed, { seconds, podRps, rate: drift[0] });
        const watch = new Watch(template, seed).from(learnt(template, seed, past.history));
        const random = randomOf(id, seed, name);
        const minutes = Array.from({ length: WEIGHTS.length * STEP_MINUTES }, (_, minute) => {
          const step = Math.floor(minute / STEP_MINUTES);
          const rate = drift[step]!;
          return split(random, {
            weight: WEIGHTS[step]!,
            requests: podRps * seconds,
            canaryRate: rate,
            stableRate: rate,
          });
        });
        readings[`${name}/ours`] = rollbackThroughSteps(watch, minutes);
        const arm = (of: 'canary' | 'stable') => minutes.map((arms) => sum(Object.values(arms[of])));
        readings[`${name}/z`] = pooledZ({ canary: arm('canary'), stable: arm('stable') });
      }
      return readings;
    },
  };
}

function rollbackThroughSteps(watch: Watch, minutes: readonly Arms[]): number {
  for (const [minute, arms] of minutes.entries()) {
    if (minute > 0 && minute % STEP_MINUTES === 0) watch.nextStep();
    if (watch.look(errorNumbers(arms)).result === 'fail') return minute + 1;
  }
  return Infinity;
}
