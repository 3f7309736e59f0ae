import { abortOrdered } from './exit/abort-ordered.ts';
import { canaryChanged } from './exit/canary-changed.ts';
import { canaryFailed } from './exit/canary-failed.ts';
import { newerTemplate } from './exit/newer-template.ts';
import { revertWanted } from './exit/revert-wanted.ts';
import { scaledToZero } from './exit/scaled-to-zero.ts';
import { stableUnavailable } from './exit/stable-unavailable.ts';
import { withdrawalUnfinished } from './exit/withdrawal-unfinished.ts';
import { writeRefused } from './exit/write-refused.ts';
import { notOptedIn, optedOutMidRelease } from './gone/not-opted-in.ts';
import { recordUnfinished } from './gone/record-unfinished.ts';
import { endedReleaseDeleted, recordedReleaseDeleted, releaseDeleted } from './gone/release-deleted.ts';
import { targetGone, targetGoneMidRelease } from './gone/target-gone.ts';
import { targetRecreated } from './gone/target-recreated.ts';
import { unreadableRelease } from './gone/unreadable-release.ts';
import { unsealedRelease } from './gone/unsealed-release.ts';
import { changeEscaped } from './idle/change-escaped.ts';
import { historyTooLong } from './idle/history-too-long.ts';
import { holdDue } from './idle/hold-due.ts';
import { leftBehind } from './idle/left-behind.ts';
import { newTemplate } from './idle/new-template.ts';
import { nothingDue } from './idle/nothing-due.ts';
import { nothingRecorded } from './idle/nothing-recorded.ts';
import { releaseVanished } from './idle/release-vanished.ts';
import { revertCarriedOut } from './idle/revert-carried-out.ts';
import { templateSetAside } from './idle/template-set-aside.ts';
import { templateTurnedDown } from './idle/template-turned-down.ts';
import { markerMissing } from './progress/marker-missing.ts';
import { notBegun } from './progress/not-begun.ts';
import { promotionOrdered } from './progress/promotion-ordered.ts';
import { promotionUnfinished } from './progress/promotion-unfinished.ts';
import { resumeOrdered } from './progress/resume-ordered.ts';
import { stepDue } from './progress/step-due.ts';
import { canaryLost } from './safety/canary-lost.ts';
import { nothingJudged, weightUnconfirmed } from './safety/clock-ran-out.ts';
import { harmShown } from './safety/harm-shown.ts';
import { stableLost } from './safety/stable-lost.ts';
import { stateUnreadable } from './safety/state-unreadable.ts';
import { unpausedTooEarly } from './safety/unpaused-too-early.ts';
import { weightRaised } from './safety/weight-raised.ts';
import type { LastRule, Rule } from '../model.ts';
import type { Kind, Situations } from '../situation.ts';

/** What a pass may do in one situation: the first rule that applies answers, or else the situation's last rule. */
interface Ordered<S> {
  rules: readonly Rule<S>[];
  otherwise: LastRule<S>;
}

/**
 * Every situation (release/situation.ts) with its rules, in their order. Rules that several situations have stand in
 * the same order everywhere: what is gone, safety, the way out, the way forward.
 */
export const RULES: { readonly [K in Kind]: Ordered<Situations[K]> } = {
  Gone: {
    rules: [
      unsealedRelease, //         a Release without a valid seal: nothing in it is acted upon
    ],
    otherwise: targetGone, //     there is nothing to do
  },

  GoneMidRelease: {
    rules: [],
    otherwise: targetGoneMidRelease, // traffic off, routes restored, then the Release may go
  },

  NotOptedIn: {
    rules: [
      unsealedRelease, //         a Release without a valid seal: nothing in it is acted upon
      endedReleaseDeleted, //     the last Release is deleted: it goes once no route needs its record
      recordedReleaseDeleted, //  one that was deleted has a new record: it may go
      leftBehind, //              what is left of a release is removed, traffic first
    ],
    otherwise: notOptedIn, //     the Deployment has not opted in
  },

  OptedOutMidRelease: {
    rules: [
      releaseDeleted, //          a user deletes the Release: an abort, recorded again before it goes
    ],
    otherwise: optedOutMidRelease, // an abort as well; nothing is held afterwards
  },

  FirstSight: {
    rules: [
      unsealedRelease, //         a Release without a valid seal: nothing in it is acted upon
      endedReleaseDeleted, //     the last Release is deleted: it goes once no route needs its record
      recordedReleaseDeleted, //  one that was deleted has a new record: it may go
      unreadableRelease, //       a Release that cannot be read may say what is stable: nothing begins without it
      leftBehind, //              what is left of a release is removed, traffic first
      historyTooLong, //          more ended Releases than the limit: the oldest go
    ],
    otherwise: nothingRecorded, // what serves alone is recorded
  },

  Idle: {
    rules: [
      // Gone: the record
      unsealedRelease, //         a Release without a valid seal: nothing in it is acted upon
      endedReleaseDeleted, //     the last Release is deleted: it goes once no route needs its record
      recordedReleaseDeleted, //  one that was deleted has a new record: it may go
      unreadableRelease, //       a Release that cannot be read may say what is stable: nothing begins without it

      // Safety
      stableLost, //              pods of a held template ran, or stable is gone: stable rolls out again
      markerMissing, //           admission mode: a held target without its marker gets it

      // What is left of the last release
      releaseVanished, //         its Release was deleted by force: how it ended is recorded
      leftBehind, //              what is left of it is removed, traffic first
      historyTooLong, //          more ended Releases than the limit: the oldest go
      revertCarriedOut, //        an order that is carried out, or is void
      templateSetAside, //        a newer template was set aside: it is put back, held

      // The template of the target
      templateTurnedDown, //      it was rejected: it stays held
      newTemplate, //             it is held and has no Release: one is made
      changeEscaped, //           it rolled out without being held: paused, and recorded
      holdDue, //                 it is the stable one: the target is held for its next change
    ],
    otherwise: nothingDue, //     nothing is due
  },

  Recording: {
    rules: [
      releaseDeleted, //          a user deletes the Release: an abort, recorded again before it goes
    ],
    otherwise: recordUnfinished, // the record gets its status
  },

  Starting: {
    rules: [
      // Gone: the record, or the target it is about
      releaseDeleted, //          a user deletes the Release: an abort, recorded again before it goes
      targetRecreated, //         the target was recreated: the release of the old one ends

      // Safety
      canaryLost, //              requests go where nothing answers: no traffic in this pass
      stableLost, //              pods of the held template ran, or stable is gone: stable rolls out again
      unpausedTooEarly, //        another writer un-paused the target: paused again, the release escaped

      // The way out
      abortOrdered, //            a human set intent Abort
      revertWanted, //            the template is back at stable, by its author or by order
      newerTemplate, //           a newer template replaces this one

      // The way forward
      markerMissing, //           admission mode: a held target without its marker gets it
      promotionOrdered, //        a human set intent Promote
      resumeOrdered, //           an order is removed if there is nothing to resume
    ],
    otherwise: notBegun, //       promoted without analysis, blocked, or the ladder begins
  },

  Stepping: {
    rules: [
      // Gone: the record, or the target it is about
      releaseDeleted, //          a user deletes the Release: an abort, recorded again before it goes
      targetRecreated, //         the target was recreated: the release of the old one ends

      // Safety: pods run an unproven template, or requests go where nothing answers
      canaryLost, //              the canary has no ready pod left: no traffic in this pass
      stableLost, //              pods of the held template ran, or stable is gone: stable rolls out again
      unpausedTooEarly, //        another writer un-paused the target: paused again, the release escaped

      // The way out, by a human or the author; no rule below may delay it
      abortOrdered, //            a human set intent Abort
      revertWanted, //            the template is back at stable, by its author or by order

      // Safety: requests may go to the canary
      harmShown, //               the newest window shows harm, or too many requests
      stateUnreadable, //         stored statistics cannot be read: no traffic until a human has looked
      weightRaised, //            another writer raised the weight: all traffic is taken away
      nothingJudged, //           nothing could be judged for too long: no traffic until data return
      weightUnconfirmed, //       the back end does not confirm the weight: it is taken back

      // What ends a release, or makes it rest, before its next step
      newerTemplate, //           a newer template replaces the one under test
      canaryFailed, //            canary pods crash, restart, come and go, or are late
      writeRefused, //            admission keeps refusing what the step needs
      canaryChanged, //           another writer changed the canary's template: it begins again
      scaledToZero, //            no stable replicas to compare with: the release rests
      stableUnavailable, //       no stable pod for 60 s and the canary is ready: promoted

      // The way forward
      markerMissing, //           admission mode: a held target without its marker gets it
      promotionOrdered, //        a human set intent Promote
      resumeOrdered, //           a human resumes what was withheld: it begins again
    ],
    otherwise: stepDue, //        one step of the ladder: release/step
  },

  Promoting: {
    rules: [
      // Gone: the record, or the target it is about
      releaseDeleted, //          a user deletes the Release: an abort, recorded again before it goes
      targetRecreated, //         the target was recreated: the release of the old one ends

      // Safety
      canaryLost, //              the canary has no ready pod left: no traffic in this pass

      // The way out
      abortOrdered, //            a human set intent Abort
      revertWanted, //            the template is back at stable, by its author or by order

      // Safety: requests may go to the canary
      harmShown, //               the newest window shows harm, or too many requests
      stateUnreadable, //         stored statistics cannot be read: no traffic until a human has looked
      weightRaised, //            another writer raised the weight: all traffic is taken away
      nothingJudged, //           nothing could be judged for too long: no traffic until data return
      weightUnconfirmed, //       the back end does not confirm the weight: it is taken back
    ],
    otherwise: promotionUnfinished, // un-pause, wait, clean up
  },

  Leaving: {
    rules: [
      releaseDeleted, //          a user deletes the Release: recorded again before it goes
      stableLost, //              pods of the held template ran, or stable is gone: stable rolls out again
      unpausedTooEarly, //        another writer un-paused the target: paused again
    ],
    otherwise: withdrawalUnfinished, // weight 0, drain, delete
  },
};
