import type { ReleasePolicy, Strategy } from '../policy.ts';
import type { Fields, Read } from './fields.ts';
import { duration, list } from './read.ts';
import { readMatch, readMirror, readStickiness } from './split.ts';
import { MAX_STEPS, readStep, refuseZero, step } from './steps.ts';

type Splitting = Pick<ReleasePolicy, 'steps' | 'match' | 'mirror' | 'stickiness' | 'bakeMs'>;

/** With which strategies a field goes, and what to do about it under another. */
const GOES_WITH = {
  steps: {
    strategies: ['canary', 'ab'],
    remedy: 'remove it; mirror and bake say what happens before and after the switch',
  },
  match: { strategies: ['ab'], remedy: 'remove it, or use strategy: ab' },
  stickiness: { strategies: ['canary', 'ab'], remedy: 'remove it; all requests switch at once' },
  bake: { strategies: ['blueGreen'], remedy: 'remove it, or use strategy: blueGreen' },
} as const satisfies Record<string, { strategies: readonly Strategy[]; remedy: string }>;

/**
 * Fields that say where requests go, and when; what would be ignored under the strategy is an issue. `undefined`: the strategy
 * cannot be read, and nothing is held against the others.
 */
export function readSplitting(
  fields: Fields,
  strategy: Strategy | undefined,
  base: Pick<ReleasePolicy, 'steps' | 'bakeMs'>,
): Splitting {
  const own = <T>(name: keyof typeof GOES_WITH, read: Read<T>): T | undefined => {
    const refusal = refusalOf(name, strategy);
    if (refusal === undefined) return fields.optional(name, read);
    fields.refuse([name], refusal.message, refusal.remedy);
    return undefined;
  };
  const steps = own('steps', stepsOf(strategy));
  const match = own('match', readMatch);
  if (strategy === 'ab' && !fields.has('match'))
    fields.missing('match', 'say by headers or cookies who goes to the canary');
  const mirror = fields.optional('mirror', readMirror);
  const stickiness = own('stickiness', readStickiness);
  return {
    steps: steps ?? defaultSteps(strategy, base.steps),
    bakeMs: own('bake', duration(0)) ?? base.bakeMs,
    ...(match === undefined ? {} : { match }),
    ...(mirror === undefined ? {} : { mirror }),
    ...(stickiness === undefined ? {} : { stickiness }),
  };
}

/** Why a field may not stand under this strategy. */
export function refusalOf(
  name: keyof typeof GOES_WITH,
  strategy: Strategy | undefined,
): { message: string; remedy: string } | undefined {
  const { strategies, remedy } = GOES_WITH[name];
  if (strategy === undefined || strategies.some((each) => each === strategy)) return undefined;
  return { message: `does not go with strategy ${strategy}`, remedy };
}

const stepsOf =
  (strategy: Strategy | undefined): Read<ReleasePolicy['steps']> =>
  (value, place) => {
    const steps = list(readStep, MAX_STEPS, 1)(value, place);
    const { path, issues } = place;
    if (steps !== undefined && strategy === 'canary')
      refuseZero(steps, (index) => ({ path: `${path}[${index}].weight`, issues }));
    return steps;
  };

function defaultSteps(
  strategy: Strategy | undefined,
  canary: ReleasePolicy['steps'],
): ReleasePolicy['steps'] {
  if (strategy === 'blueGreen') return [];
  return strategy === 'ab' ? [step({ weight: 0 })] : canary;
}
