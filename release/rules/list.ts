import { aborted } from './exit/aborted.ts';
import type { FactsRule } from '../answer.ts';
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
import { optedOut } from './gone/opted-out.ts';
import { ordered } from './progress/ordered.ts';
import { orphans } from './idle/orphans.ts';
import { promoting } from './progress/promoting.ts';
import { putBack } from './idle/put-back.ts';
import { recordOnly } from './gone/record-only.ts';
import { recreated } from './gone/recreated.ts';
import { releaseDeleted } from './gone/release-deleted.ts';
import { orderForgotten, resumed } from './progress/resumed.ts';
import { reverted } from './exit/reverted.ts';
import { scaledToZero } from './exit/scaled-to-zero.ts';
import { stableLost } from './safety/stable-lost.ts';
import { stableUnavailable } from './exit/stable-unavailable.ts';
import { starting } from './progress/starting.ts';
import { stepping } from './progress/stepping.ts';
import { superseded } from './exit/superseded.ts';
import { targetGone } from './gone/target-gone.ts';
import { unpaused } from './safety/unpaused.ts';
import { unsealed } from './gone/unsealed.ts';
import { unreadableRelease } from './gone/unreadable-release.ts';
import { vanished } from './idle/vanished.ts';
import { withdrawing } from './exit/withdrawing.ts';
import { writeRefused } from './exit/write-refused.ts';

/** The first rule that applies answers. Safety stands first: what must not wait for anything else. */
export const RULES: readonly FactsRule[] = [
  // Gone: the record, the target or its consent
  unsealed, //           a Release without a valid seal: nothing in it is acted upon
  targetGone, //         the target is deleted: routes are restored before the Release goes
  releaseDeleted, //     somebody deletes the Release under way: an abort
  optedOut, //           the policy annotation is gone: the release ends, nothing is held
  unreadableRelease, //  a Release that cannot be read may say what is stable: nothing begins without it
  recordOnly, //         a Release that only records what serves gets its status
  recreated, //          the target was made again: the release of the old one ends

  // Safety: pods run what is not proven, or requests go where nothing answers
  canaryLost, //         the canary has no ready pod left: no traffic in this pass
  stableLost, //         pods of the held template ran, or stable is gone: stable rolls out again
  unpaused, //           somebody un-paused the target: paused again, the release escaped

  // Exit: the way out, and what a human or the author orders; nothing below may hold it up
  withdrawing, //        taken back already: weight 0, drain, delete
  aborted, //            a human set intent Abort
  reverted, //           the template is back at stable, by its author or by order

  // Safety: in any phase in which requests may go to the canary
  harmed, //             the newest window shows harm, or too many requests
  turnedUp, //           somebody raised the weight: all of it goes
  blinded, //            nothing could be judged for too long: no traffic until data return
  unconfirmed, //        the back end does not confirm the weight: it is taken back

  // Progress and exit: a promotion goes on to its end; then what ends a release before its next step
  promoting, //          recorded as to be promoted: un-pause, wait, clean up
  superseded, //         a newer template replaces the one under test
  canaryFailed, //       canary pods crash, restart, come and go, or are late
  writeRefused, //       admission goes on refusing what the step cannot do without
  canaryChanged, //      somebody changed the canary's template: it begins anew
  scaledToZero, //       no stable replicas to compare with: the release rests
  stableUnavailable, //  no stable pod for 60 s and the canary is ready: promoted

  // Progress: the way on
  marked, //             admission mode: a held target without its marker gets it
  ordered, //            a human set intent Promote
  resumed, //            a human lets what was withheld begin again
  starting, //           not begun: promoted without analysis, blocked, or the ladder begins
  stepping, //           one rung of the ladder: release/step

  // Idle: no release is under way
  vanished, //           its Release was deleted by force: how it ended is recorded
  orphans, //            what is left of it is removed, traffic first
  history, //            more ended Releases than the limit: the oldest go
  firstSight, //         no Release yet: what serves alone is recorded
  orderForgotten, //     an order that is carried out, or void
  putBack, //            a newer template was set aside: it comes back, held
  heldBack, //           the template was turned down: it stays held
  newTemplate, //        a held template without a Release: one is made
  holding, //            the target is held for its next change, or what escaped is recorded
];

/** Nothing is under way, and nothing is to be done. */
export const OTHERWISE = idle;
