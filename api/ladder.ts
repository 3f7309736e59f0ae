import type { ReleasePolicy } from './kinds/policy/policy.ts';
import type { Step } from './kinds/policy/step.ts';

/**
 * The steps of a release, in order, as the policy's strategy and mirror make them. Indexes of `status.step` count these.
 *
 * - canary: a step of copies only, if the policy mirrors; then `steps`.
 * - ab: the same, but with as many canary pods as stable ones if the policy does not say how many clients match.
 * - blueGreen: a step at full size without live traffic (mirrored, if the policy mirrors), then the switch to 100.
 */
export function ladderOf(policy: ReleasePolicy): Step[] {
  const copies = mirrorStep(policy);
  switch (policy.strategy) {
    case 'canary':
      return [...copies, ...policy.steps];
    case 'ab':
      return [...copies, ...policy.steps].map((step) => ({ ...step, fullSize: true }));
    case 'blueGreen':
      return blueGreen(policy, copies[0] ?? QUIET);
  }
}

const QUIET: Step = { weight: 0, minDurationMs: 120_000, maxDurationMs: 1_800_000, pause: false };

function mirrorStep({ mirror }: ReleasePolicy): Step[] {
  if (mirror === undefined) return [];
  const { percent, minDurationMs, maxDurationMs } = mirror;
  return [{ weight: 0, mirror: percent, minDurationMs, maxDurationMs, pause: false }];
}

/** If data are missing at the end of the bake, the release waits for them as long as in any step. */
function blueGreen({ bakeMs }: ReleasePolicy, before: Step): Step[] {
  const maxDurationMs = Math.max(QUIET.maxDurationMs, 2 * bakeMs);
  const bake = { weight: 100, minDurationMs: bakeMs, maxDurationMs, pause: false };
  return [before, bake].map((step) => ({ ...step, fullSize: true }));
}

/** Percent of all requests that the canary has to serve in a step, copies included. */
export const loadOf = ({ weight, mirror = 0 }: Pick<Step, 'weight' | 'mirror'>): number =>
  Math.max(weight, mirror);

/** Percent of stable's size the canary needs in a step. */
export const sizeOf = (step: Step): number => (step.fullSize === true ? 100 : loadOf(step));
