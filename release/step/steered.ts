import { shows, type Reached, type Steering } from '../../providers/provider.ts';
import { seenText } from '../../providers/shared/wants.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { StepFacts } from './stage.ts';

/** What a step does and says differently by how its share is brought about. */
interface Steered {
  /** does what carries the weight differ from what this step left, by somebody else's hand? */
  drifted: (s: StepFacts) => boolean;
  /** what carries the weight */
  carriers: (s: StepFacts) => readonly (KubeObject | undefined)[];
  /** after "the weight": where it stands */
  place: (s: StepFacts) => string;
  /** after "Somebody": what was done to it, and to what value */
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

/** What this step's weight comes to beside the stable pods of now; undefined where a router splits. */
export const reachedIn = ({ traffic, target, step }: StepFacts): Reached | undefined =>
  traffic.provider.steering.reached(step.weight, target.replicas);

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
