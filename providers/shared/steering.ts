import { sizeOf } from '../../api/ladder.ts';
import { isOff } from '../provider.ts';
import type { Reached, Steering } from '../provider.ts';
import { isMore } from './wants.ts';

/** A router sends the share, and the canary has a Service of its own. */
export const BY_ROUTES: Steering = {
  by: 'routes',
  ownService: true,
  countable: true,
  beforehand: true,
  followsReadiness: false,
  podsFor: (step, stable) => canaryReplicas(sizeOf(step), stable, step.canaryReplicas),
  reached: () => undefined,
  becomes: () => undefined,
  isOff,
  isMore,
};

/**
 * The canary's share of the ready pods is its share of the requests. Pods that are not ready get nothing yet
 * but soon will, so the share is not off until they are scaled away. If someone scales them up, the step
 * scales them back.
 */
export const byPods = (reach: (weight: number, stable: number) => Reached): Steering => ({
  by: 'pods',
  ownService: false,
  countable: false,
  beforehand: false,
  followsReadiness: true,
  podsFor: ({ weight }, stable) => reach(weight, stable).pods,
  reached: reach,
  becomes: (weights, stable) => becomes(weights, (weight) => reach(weight, stable)),
  isOff: () => false,
  isMore: () => false,
});

/**
 * The number of pods that a canary needs to take `weight` percent of what `stableReplicas` pods take: rounded
 * up, at least 1. `fixed` (a step's canaryReplicas) overrides the share.
 */
export function canaryReplicas(weight: number, stableReplicas: number, fixed?: number): number {
  if (fixed !== undefined) return Math.max(1, Math.ceil(fixed));
  // Multiplies before it divides: 7% of 100 is exactly 7, while 0.07 * 100 is a little more.
  return Math.max(1, Math.ceil((weight * stableReplicas) / 100));
}

/** "weight 5 becomes 14.29 (1 canary pod), weight 25 is 2 canary pods" */
function becomes(
  weights: readonly number[],
  reach: (weight: number) => Reached,
): { sentence: string; exact: boolean } {
  const each = [...new Set(weights)].map((weight) => ({ weight, ...reach(weight) }));
  const sentence = each
    .map(({ weight, pods, share }) => {
      const count = `${pods} canary ${pods === 1 ? 'pod' : 'pods'}`;
      return share === weight
        ? `weight ${weight} is ${count}`
        : `weight ${weight} becomes ${share} (${count})`;
    })
    .join(', ');
  return { sentence, exact: each.every(({ weight, share }) => share === weight) };
}
