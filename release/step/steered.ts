import { shows, type Reached, type Steering } from '../../providers/provider.ts';
import { seenText } from '../../providers/shared/wants.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { StepFacts } from './stage.ts';

/** How a step acts and what it says, depending on what brings about its share. */
interface Steered {
  /** did another writer change what carries the weight from what this step left? */
  drifted: (s: StepFacts) => boolean;
  /** the objects that carry the weight */
  carriers: (s: StepFacts) => readonly (KubeObject | undefined)[];
  /** follows "the weight" in a sentence: where the weight is set */
  place: (s: StepFacts) => string;
  /** follows the name of the writer in a sentence: what was done, and to what value */
  changed: (s: StepFacts) => { what: string; to: string };
}

const STEERED: Record<Steering['by'], Steered> = {
  routes: {
    drifted: ({ traffic, split }) => !shows(traffic.observation, split),
    carriers: () => [],
    place: ({ release }) => {
      const { routes = [], service = '' } = release.spec.traffic ?? {};
      return ` of ${routes.length > 0 ? routes.map(({ name }) => name).join(', ') : `Service ${service}`}`;
    },
    changed: ({ traffic }) => ({ what: 'changed the route', to: seenText(traffic.observation) }),
  },
  pods: {
    drifted: scaledByOthers,
    carriers: ({ facts }) => [facts.canary.deployment?.object],
    place: ({ facts }) => `, the number of pods of Deployment ${facts.canary.name}`,
    changed: ({ facts: { canary } }) => ({
      what: `scaled Deployment ${canary.name}`,
      to: `${canary.wanted}`,
    }),
  },
};

export const steered = ({ traffic }: StepFacts): Steered => STEERED[traffic.provider.steering.by];

/** The share that this step's weight becomes beside the present stable pods; undefined where a router splits. */
export const reachedIn = ({ traffic, target, step }: StepFacts): Reached | undefined =>
  traffic.provider.steering.reached(step.weight, target.replicas);

/**
 * Another writer scaled the canary. It does not count if the number is the one that this release wrote last and is only
 * outdated: then the number of stable pods changed.
 */
export function scaledByOthers(s: StepFacts): boolean {
  const { canary } = s.facts;
  const { weightObservedAt, canaryReplicas } = s.status;
  const wanted = reachedIn(s)?.pods;
  if (canary.deployment === undefined || [wanted, canaryReplicas].includes(canary.wanted)) return false;
  // Before its weight is observed, a canary may still be at 0, or at the number of another step.
  return weightObservedAt !== undefined || (canaryReplicas === wanted && canary.wanted > 0);
}
