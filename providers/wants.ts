import { ladderOf } from '../api/ladder.ts';
import type { ReleasePolicy, Step } from '../api/policy.ts';
import type { Split, Wants } from './provider.ts';

/** Of a back end whose policy cannot be read: enough to take traffic away and to clean up. */
export const NOTHING_WANTED: Wants = { total: 100 };

export function wantsOf(policy: ReleasePolicy): Wants {
  const { match, mirror, stickiness } = policy;
  const fraction = ladderOf(policy).some(({ weight }) => !Number.isInteger(weight));
  return {
    ...(match === undefined ? {} : { match }),
    ...(mirror === undefined ? {} : { mirror: mirror.percent }),
    ...(stickiness === undefined ? {} : { sticky: stickiness }),
    total: fraction ? 10_000 : 100,
  };
}

/** Where requests are to go in one step. Copies come before anybody who matches is sent there. */
export function splitOf({ match, sticky }: Wants, { weight, mirror = 0 }: Step): Split {
  const matching = mirror === 0 && (match !== undefined || (sticky !== undefined && weight > 0));
  return { weight, mirror, matching };
}
