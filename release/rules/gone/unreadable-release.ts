import { REASON } from '../../../api/reasons.ts';
import { answer, type FactsRule } from '../../answer.ts';

/**
 * A Release nobody can read may be the one that knows what is stable, so nothing new is decided without it. A release
 * under way has its own record and goes on.
 */
export const unreadableRelease: FactsRule = {
  name: 'unreadable-release',
  decide(facts) {
    if (facts.unreadable.length === 0 || facts.active !== undefined) return undefined;
    const names = facts.unreadable.join(', ');
    const sentence = `Release ${names} cannot be read; delete it to go on without it.`;
    return answer({ reason: REASON.InvalidRelease, sentence, outcome: 'stalled' });
  },
};
