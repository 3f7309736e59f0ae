import { REASON } from '../../../api/reasons.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf } from '../../facts/records.ts';
import type { Action, Answer, Rule } from '../../model.ts';
import { forgetOriginals, pause, rollOut, urgent } from '../../actions.ts';
import { answer, answerFor, AT_ONCE, POLL_MS } from '../../answer.ts';
import { leave } from '../../plan/leave.ts';
import { recordAgain, recordRecreated } from '../../record/record-again.ts';
import { cause, TURNED_DOWN, withdraw } from '../../plan/withdraw.ts';
import type { Between, OptedOutMidRelease, UnderWay } from '../../situation.ts';

/**
 * A user deletes the running Release: an abort. Its finalizer keeps it until the route is restored. Before it goes, its
 * end is written into a new record, so that its template does not begin again.
 */
export const releaseDeleted: Rule<OptedOutMidRelease | UnderWay> = {
  name: 'release-deleted',
  decide(facts) {
    const { active } = facts;
    if (!isDeleted(active)) return undefined;
    if (phaseOf(active) !== 'RollingBack') return begin(facts);
    return leave(facts, active, cause(active)) ?? ended(facts, active);
  },
};

/** The newest Release has ended and is deleted: it goes once no route needs its record. */
export const endedReleaseDeleted: Rule<Between> = {
  name: 'ended-release-deleted',
  decide(facts) {
    const { newest } = facts;
    if (newest === undefined || !isDeleted(newest)) return undefined;
    return leave(facts, newest, cause(newest)) ?? released(facts, newest);
  },
};

/**
 * The Release has a new record and still has its finalizer, because the process ended in between. The route was
 * restored before either write.
 */
export const recordedReleaseDeleted: Rule<Between> = {
  name: 'recorded-release-deleted',
  decide({ releases: [, before] }) {
    if (before === undefined || !isDeleted(before) || (before.metadata.finalizers ?? []).length === 0)
      return undefined;
    const free = forgetOriginals(before);
    const sentence = 'What the Release recorded is kept in a new one; this one can be deleted.';
    return answer({ reason: REASON.ReleaseDeleted, sentence, actions: [free], requeueAfterMs: AT_ONCE });
  },
};

const isDeleted = ({ metadata }: Release): boolean => metadata.deletionTimestamp !== undefined;

function begin(facts: OptedOutMidRelease | UnderWay): Answer {
  const { active, target, stable } = facts;
  const sentence = 'The Release was deleted: the route is restored and the canary is removed.';
  // The template may be rolling out at this moment.
  const rolling = !target.paused && stable?.wanted === false && !stable.foreign;
  const first = rolling ? urgent([pause(facts, target)]) : [];
  const reason = REASON.ReleaseDeleted;
  return withdraw(facts, active, { reason, sentence, withdrawal: TURNED_DOWN, first });
}

/**
 * The record is written first: if the controller ended before, the next one would find a template that looks untried.
 */
function ended(facts: OptedOutMidRelease | UnderWay, newest: Release): Answer {
  const { target, stable } = facts;
  const sentence = 'The route is restored; the Release can be deleted.';
  const free = facts.traffic?.recorded === true ? [forgetOriginals(newest)] : [];
  const parts = { reason: REASON.ReleaseDeleted, sentence, requeueAfterMs: POLL_MS };
  if (stable === undefined) return answer({ ...parts, actions: free });
  if (stable.foreign)
    return answer({ ...parts, actions: [...recordRecreated(facts, target, newest), ...free] });
  const ran = stable.lost && !stable.wanted && target.paused;
  const back: Action[] = ran ? [rollOut(target, stable.template)] : [];
  const { made, create } = recordAgain(facts, target, newest);
  const { reason = REASON.ReleaseDeleted, message = sentence } = newest.status ?? {};
  const actions = [...back, ...create, ...free];
  return answerFor(facts, made, { reason, sentence: message, actions, requeueAfterMs: AT_ONCE }, made.status);
}

function released(facts: Facts, release: Release): Answer {
  const sentence = 'The route is restored; the Release can be deleted.';
  const actions = facts.traffic?.recorded === true ? [forgetOriginals(release)] : [];
  // Without the finalizer the Release disappears by itself, and the watch reports it.
  const requeueAfterMs = actions.length > 0 ? AT_ONCE : POLL_MS;
  return answer({ reason: REASON.ReleaseDeleted, sentence, actions, requeueAfterMs });
}
