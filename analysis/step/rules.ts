import { ladderOf } from '../../api/ladder.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import type { StepRules } from './conclude.ts';

/** What the policy says about one step of its ladder. */
export function rulesOf({ match, onInconclusive }: ReleasePolicy, step: Step): StepRules {
  const { mirror = 0, weight } = step;
  return { ...step, quiet: weight === 0 && mirror === 0 && match === undefined, onInconclusive };
}

/** The same users come back to the same version, by cookie or because all their requests match: requests are no longer split at random. */
export const isSticky = ({ strategy, stickiness }: ReleasePolicy): boolean =>
  strategy === 'ab' || stickiness !== undefined;

/**
 * Percent of users the canary reaches once this step passes. It is not known how many match, and with cookies their
 * number only grows: both count as all users.
 */
export function reachAfter(policy: ReleasePolicy, index: number): number {
  const known = policy.strategy === 'canary' && !isSticky(policy);
  return known ? (ladderOf(policy)[index + 1]?.weight ?? 100) : 100;
}
