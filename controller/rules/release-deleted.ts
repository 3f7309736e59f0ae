import { REASON } from '../../api/reasons.ts';
import { phaseOf } from '../facts/records.ts';
import { forgetOriginals } from './actions.ts';
import { answer, AT_ONCE, POLL_MS, type FactsRule } from './answer.ts';
import { leave } from './leave.ts';
import { withdraw } from './withdraw.ts';

/** Somebody deletes the Release under way: an abort. Its finalizer keeps it until the route is restored. */
export const releaseDeleted: FactsRule = {
  name: 'release-deleted',
  decide(facts) {
    const { newest } = facts;
    if (newest?.metadata.deletionTimestamp === undefined) return undefined;
    if (facts.active !== undefined && phaseOf(newest) !== 'RollingBack') {
      const sentence = 'The Release was deleted: the route is restored and the canary goes.';
      return withdraw(facts, newest, { reason: REASON.ReleaseDeleted, sentence });
    }
    const sentence = 'The route is restored; the Release may go.';
    const actions = facts.traffic?.recorded === true ? [forgetOriginals(newest)] : [];
    return (
      leave(facts, newest, {}) ??
      answer({
        reason: REASON.ReleaseDeleted,
        sentence,
        actions,
        // Without the finalizer it goes by itself, and the watch tells of that.
        requeueAfterMs: actions.length > 0 ? AT_ONCE : POLL_MS,
      })
    );
  },
};
