import type { Group, Readings } from './group.ts';
import { pooledZ } from './peers.ts';
import { randomOf } from './random.ts';
import type { Arms } from './steps.ts';
import { pastOf, split, WEIGHTS } from './steps.ts';
import { sum } from './traffic.ts';
import { errorNumbers, errorTemplate, learnt, Watch } from './watch.ts';

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
