import type { Reached } from '../../../providers/provider.ts';
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
  if (weightObservedAt === undefined || canary.deployment === undefined) return false;
  return canary.wanted !== reachedIn(s)?.pods && canary.wanted !== canaryReplicas;
}
