import { aborted } from './exit/aborted.ts';
import { canaryChanged } from './exit/canary-changed.ts';
import { canaryFailed } from './exit/canary-failed.ts';
import { canaryLost } from './safety/canary-lost.ts';
import { firstSight } from './idle/first-sight.ts';
import { heldBack } from './idle/held-back.ts';
import { holding } from './idle/holding.ts';
import { blinded, unconfirmed } from './safety/bounded.ts';
import { harmed } from './safety/harmed.ts';
import { turnedUp } from './safety/turned-up.ts';
import { history, idle } from './idle/idle.ts';
import { marked } from './progress/marked.ts';
import { newTemplate } from './idle/new-template.ts';
import { notOptedIn, optedOutMidRelease } from './gone/opted-out.ts';
import { ordered } from './progress/ordered.ts';
import { orphans } from './idle/orphans.ts';
import { promoting } from './progress/promoting.ts';
import { putBack } from './idle/put-back.ts';
import { recordOnly } from './gone/record-only.ts';
import { recreated } from './gone/recreated.ts';
import { endedReleaseDeleted, recordedReleaseDeleted, releaseDeleted } from './gone/release-deleted.ts';
import { orderForgotten, resumed } from './progress/resumed.ts';
import { reverted } from './exit/reverted.ts';
import { scaledToZero } from './exit/scaled-to-zero.ts';
import { stableLost } from './safety/stable-lost.ts';
import { stableUnavailable } from './exit/stable-unavailable.ts';
import { starting } from './progress/starting.ts';
import { stepping } from './progress/stepping.ts';
import { superseded } from './exit/superseded.ts';
import { targetGone, targetGoneMidRelease } from './gone/target-gone.ts';
import { unpaused } from './safety/unpaused.ts';
import { unsealed } from './gone/unsealed.ts';
import { unreadableRelease } from './gone/unreadable-release.ts';
import { vanished } from './idle/vanished.ts';
import { withdrawing } from './exit/withdrawing.ts';
import { writeRefused } from './exit/write-refused.ts';
import type { LastRule, Rule } from '../model.ts';
import type { Kind, Situations } from '../situation.ts';

/** What a pass may do in one situation: the first rule that applies answers, or else the situation's own. */
interface Ordered<S> {
  rules: readonly Rule<S>[];
  otherwise: LastRule<S>;
}

/**
 * Every situation (release/situation.ts) with its rules, in their order. Where several are about the same, they stand in the same order
 * everywhere: what is gone, safety, the way out, the way on.
 */
export const RULES: { readonly [K in Kind]: Ordered<Situations[K]> } = {
  Gone: {
    rules: [
      unsealed, //               a Release without a valid seal: nothing in it is acted upon
    ],
    otherwise: targetGone, //    there is nothing to do
  },

  GoneMidRelease: {
    rules: [],
    otherwise: targetGoneMidRelease, // traffic off, routes restored, then the Release may go
  },

  NotOptedIn: {
    rules: [
      unsealed, //               a Release without a valid seal: nothing in it is acted upon
      endedReleaseDeleted, //    the last Release is deleted: it goes once no route needs its record
      recordedReleaseDeleted, // one that was deleted has a fresh record: it may go
      orphans, //                what is left of a release is removed, traffic first
    ],
    otherwise: notOptedIn, //    the Deployment is not ours
  },

  OptedOutMidRelease: {
    rules: [
      releaseDeleted, //         somebody deletes the Release: an abort, recorded again before it goes
    ],
    otherwise: optedOutMidRelease, // an abort as well; nothing is held afterwards
  },

  FirstSight: {
    rules: [
      unsealed, //               a Release without a valid seal: nothing in it is acted upon
      endedReleaseDeleted, //    the last Release is deleted: it goes once no route needs its record
      recordedReleaseDeleted, // one that was deleted has a fresh record: it may go
      unreadableRelease, //      a Release that cannot be read may say what is stable: nothing begins without it
      orphans, //                what is left of a release is removed, traffic first
      history, //                more ended Releases than the limit: the oldest go
    ],
    otherwise: firstSight, //    what serves alone is recorded
  },

  Idle: {
    rules: [
      // Gone: the record
      unsealed, //               a Release without a valid seal: nothing in it is acted upon
      endedReleaseDeleted, //    the last Release is deleted: it goes once no route needs its record
      recordedReleaseDeleted, // one that was deleted has a fresh record: it may go
      unreadableRelease, //      a Release that cannot be read may say what is stable: nothing begins without it

      // Safety
      stableLost, //             pods of a held template ran, or stable is gone: stable rolls out again
      marked, //                 admission mode: a held target without its marker gets it

      // What is left of the last release
      vanished, //               its Release was deleted by force: how it ended is recorded
      orphans, //                what is left of it is removed, traffic first
      history, //                more ended Releases than the limit: the oldest go
      orderForgotten, //         an order that is carried out, or void
      putBack, //                a newer template was set aside: it comes back, held

      // The template of the target
      heldBack, //               it was turned down: it stays held
      newTemplate, //            it is held and has no Release: one is made
      holding, //                the target is held for its next change, or what escaped is recorded
    ],
    otherwise: idle, //          nothing is due
  },

  Recording: {
    rules: [
      releaseDeleted, //         somebody deletes the Release: an abort, recorded again before it goes
    ],
    otherwise: recordOnly, //    the record gets its status
  },

  Starting: {
    rules: [
      // Gone: the record, or the target it is about
      releaseDeleted, //         somebody deletes the Release: an abort, recorded again before it goes
      recreated, //              the target was made again: the release of the old one ends

      // Safety
      canaryLost, //             requests go where nothing answers: no traffic in this pass
      stableLost, //             pods of the held template ran, or stable is gone: stable rolls out again
      unpaused, //               somebody un-paused the target: paused again, the release escaped

      // The way out
      aborted, //                a human set intent Abort
      reverted, //               the template is back at stable, by its author or by order
      superseded, //             a newer template replaces this one

      // The way on
      marked, //                 admission mode: a held target without its marker gets it
      ordered, //                a human set intent Promote
      resumed, //                an order that has nothing to let go on is taken off
    ],
    otherwise: starting, //      promoted without analysis, blocked, or the ladder begins
  },

  Stepping: {
    rules: [
      // Gone: the record, or the target it is about
      releaseDeleted, //         somebody deletes the Release: an abort, recorded again before it goes
      recreated, //              the target was made again: the release of the old one ends

      // Safety: pods run what is not proven, or requests go where nothing answers
      canaryLost, //             the canary has no ready pod left: no traffic in this pass
      stableLost, //             pods of the held template ran, or stable is gone: stable rolls out again
      unpaused, //               somebody un-paused the target: paused again, the release escaped

      // The way out, by a human or the author; nothing below may hold it up
      aborted, //                a human set intent Abort
      reverted, //               the template is back at stable, by its author or by order

      // Safety: requests may go to the canary
      harmed, //                 the newest window shows harm, or too many requests
      turnedUp, //               somebody raised the weight: all of it goes
      blinded, //                nothing could be judged for too long: no traffic until data return
      unconfirmed, //            the back end does not confirm the weight: it is taken back

      // What ends a release, or lets it rest, before its next step
      superseded, //             a newer template replaces the one under test
      canaryFailed, //           canary pods crash, restart, come and go, or are late
      writeRefused, //           admission goes on refusing what the step cannot do without
      canaryChanged, //          somebody changed the canary's template: it begins anew
      scaledToZero, //           no stable replicas to compare with: the release rests
      stableUnavailable, //      no stable pod for 60 s and the canary is ready: promoted

      // The way on
      marked, //                 admission mode: a held target without its marker gets it
      ordered, //                a human set intent Promote
      resumed, //                a human lets what was withheld begin again
    ],
    otherwise: stepping, //      one rung of the ladder: release/step
  },

  Promoting: {
    rules: [
      // Gone: the record, or the target it is about
      releaseDeleted, //         somebody deletes the Release: an abort, recorded again before it goes
      recreated, //              the target was made again: the release of the old one ends

      // Safety
      canaryLost, //             the canary has no ready pod left: no traffic in this pass

      // The way out
      aborted, //                a human set intent Abort
      reverted, //               the template is back at stable, by its author or by order

      // Safety: requests may go to the canary
      harmed, //                 the newest window shows harm, or too many requests
      turnedUp, //               somebody raised the weight: all of it goes
      blinded, //                nothing could be judged for too long: no traffic until data return
      unconfirmed, //            the back end does not confirm the weight: it is taken back
    ],
    otherwise: promoting, //     un-pause, wait, clean up
  },

  Leaving: {
    rules: [
      releaseDeleted, //         somebody deletes the Release: recorded again before it goes
      stableLost, //             pods of the held template ran, or stable is gone: stable rolls out again
      unpaused, //               somebody un-paused the target: paused again
    ],
    otherwise: withdrawing, //   weight 0, drain, delete
  },
};
