import type { Step } from '../../api/kinds/policy/step.ts';
import { NOTHING_WANTED, splitOf } from '../../providers/shared/wants.ts';
import type { Facts } from '../facts/facts.ts';
import { asked, NOTHING, type StatusChange } from '../status/next.ts';

/** What one step wants from the route, as the status says it; without a step, nothing. */
export function askedIn({ traffic }: Facts, step: Step | undefined): StatusChange {
  return step === undefined ? NOTHING : asked(splitOf(traffic?.context.wants ?? NOTHING_WANTED, step));
}
