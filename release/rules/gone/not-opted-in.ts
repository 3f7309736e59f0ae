import { REASON } from '../../../api/reasons.ts';
import { phaseOf } from '../../facts/records.ts';
import { unmark } from '../../actions.ts';
import { answer } from '../../answer.ts';
import { letGo } from '../../plan/let-go.ts';
import type { LastRule } from '../../model.ts';
import { ENDED, goOnWithdrawing, withdraw } from '../../plan/withdraw.ts';
import type { NotOptedIn, OptedOutMidRelease } from '../../situation.ts';

/** Sluice leaves a Deployment without the policy annotation alone. */
export const notOptedIn: LastRule<NotOptedIn> = {
  name: 'not-opted-in',
  decide(facts) {
    const { target, snapshot } = facts;
    const { leaving } = snapshot.config;
    if (leaving !== undefined) return letGo(facts, leaving);
    const sentence = 'The Deployment has not opted in.';
    // While the target is paused, the marker says who paused it. After that the marker would hold the target as soon as
    // it opts in again.
    const actions = target.paused ? [] : unmark(target);
    return answer({ reason: REASON.OptedOut, sentence, actions, outcome: 'done' });
  },
};

/** Opting out during a release is an abort. */
export const optedOutMidRelease: LastRule<OptedOutMidRelease> = {
  name: 'opted-out-mid-release',
  decide(facts) {
    const { active } = facts;
    if (phaseOf(active) === 'RollingBack') return goOnWithdrawing(facts, active);
    const left = facts.snapshot.config.leaving !== undefined;
    const sentence = left
      ? 'Sluice is being uninstalled: the release ends.'
      : 'The policy annotation was removed: the release ends.';
    const withdrawal = { ...ENDED, by: 'OptOut' as const };
    return withdraw(facts, active, { reason: REASON.OptedOut, sentence, withdrawal });
  },
};
