import { REASON } from '../../../api/reasons.ts';
import { answer } from '../../answer.ts';
import type { Rule } from '../../model.ts';
import type { FirstSight, Idle } from '../../situation.ts';

/**
 * An unreadable Release may be the one that knows what is stable, so nothing new is decided without it. A running
 * release has its own record and continues.
 */
export const unreadableRelease: Rule<FirstSight | Idle> = {
  name: 'unreadable-release',
  decide({ unreadable }) {
    if (unreadable.length === 0) return undefined;
    const names = unreadable.join(', ');
    const sentence = `Release ${names} cannot be read; delete it to continue without it.`;
    return answer({ reason: REASON.InvalidRelease, sentence, outcome: 'stalled' });
  },
};
