import type { Reached } from '../../providers/provider.ts';
import type { StepFacts } from './stage.ts';

/** What this step's weight comes to beside the stable pods of now; undefined where a router splits. */
export const reachedIn = ({ traffic, target, step }: StepFacts): Reached | undefined =>
  traffic.provider.byPods?.replicas(step.weight, target.replicas);

/**
 * Somebody else scaled the canary. A number that is the one this release wrote last, and is only not right any more, is
 * none of that: stable's own number moved.
 */
export function scaledByOthers(s: StepFacts): boolean {
  const { canary } = s.facts;
  const { weightObservedAt, canaryReplicas } = s.status;
  const wanted = reachedIn(s)?.pods;
  if (canary.deployment === undefined || [wanted, canaryReplicas].includes(canary.wanted)) return false;
  // Before its weight is observed a canary may still be at 0, or at the number of another step.
  return weightObservedAt !== undefined || (canaryReplicas === wanted && canary.wanted > 0);
}
