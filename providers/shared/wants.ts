import { ladderOf } from '../../api/ladder.ts';
import { splitText } from '../../api/split.ts';
import { ANNOTATION } from '../../api/names.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import type { Observation, Split, Wants } from '../provider.ts';

/** For a back end whose policy cannot be read: enough to take traffic away and to clean up. */
export const NOTHING_WANTED: Wants = { total: 100 };

/** `annotations`: of the target. */
export function wantsOf(policy: ReleasePolicy, annotations: Readonly<Record<string, string>> = {}): Wants {
  const { match, mirror, stickiness } = policy;
  const ladder = ladderOf(policy);
  const fraction = ladder.some(({ weight }) => !Number.isInteger(weight));
  const copyRules = annotations[ANNOTATION.copyRules]?.split(',').map((name) => name.trim());
  const fixed = ladder.some(({ canaryReplicas }) => canaryReplicas !== undefined);
  return {
    ...(match === undefined ? {} : { match }),
    ...(mirror === undefined ? {} : { mirror: mirror.percent }),
    ...(stickiness === undefined ? {} : { sticky: stickiness }),
    ...(fixed ? { fixedReplicas: true as const } : {}),
    ...(copyRules === undefined ? {} : { copyRules }),
    total: fraction ? 10_000 : 100,
  };
}

/** Where requests should go in one step. Copies come before any request that matches is sent there. */
export function splitOf({ match, sticky }: Wants, { weight, mirror = 0 }: Step): Split {
  const matching = mirror === 0 && (match !== undefined || (sticky !== undefined && weight > 0));
  return { weight, mirror, matching };
}

/** Does the back end, or one of its rules, send or copy more than was wanted? */
export function isMore(
  { weight, most = 0, mirror = 0, matching = false }: Observation,
  split: Split,
): boolean {
  if (weight === undefined) return most > split.weight;
  return weight > split.weight || mirror > split.mirror || (matching && !split.matching);
}

/** "weight 80", "several values": what a back end does, for people. */
export function seenText({ weight, mirror = 0, matching = false }: Observation): string {
  return weight === undefined ? 'several values' : splitText({ weight, mirror, matching });
}
