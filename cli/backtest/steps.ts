import type { Plan } from '../../analysis/replay/ladder.ts';
import { UsageError } from '../io.ts';

/** The steps that can be replayed from the past, and what of the policy is left out. Throws a UsageError if nothing remains. */
export function replayedSteps(plan: Plan): { plan: Plan; caveats: string[] } {
  const shares = ({ weight = 0 }: Plan['steps'][number]): boolean => weight > 0 && weight < 100;
  const steps = plan.steps.filter(shares);
  if (steps.length === 0) {
    const remedy = 'give one whose steps have weights from 0.01 to 99';
    throw new UsageError(`--policy: none of its steps splits requests by weight; ${remedy}`);
  }
  const skipped = plan.steps.filter((step) => !shares(step)).map(({ weight = 0 }) => `${weight}%`);
  const left =
    skipped.length === 0
      ? []
      : [`Steps at ${skipped.join(' and ')} are not replayed: they split nothing by weight.`];
  const asked = steps.some(({ pause }) => pause === true)
    ? ['Where a step pauses for a human, the release is resumed at once.']
    : [];
  return {
    plan: {
      ...plan,
      steps: steps.map((step) => ({ ...step, pause: step.pause === true ? false : step.pause })),
    },
    caveats: [...left, ...asked],
  };
}
