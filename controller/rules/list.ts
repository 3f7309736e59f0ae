import { aborted } from './aborted.ts';
import type { FactsRule } from './answer.ts';
import { canaryChanged } from './canary-changed.ts';
import { canaryFailed } from './canary-failed.ts';
import { canaryLost } from './canary-lost.ts';
import { firstSight } from './first-sight.ts';
import { heldBack } from './held-back.ts';
import { holding } from './holding.ts';
import { blinded, unconfirmed } from './live/bounded.ts';
import { harmed } from './live/harmed.ts';
import { turnedUp } from './live/turned-up.ts';
import { history, idle } from './idle.ts';
import { marked } from './marked.ts';
import { newTemplate } from './new-template.ts';
import { optedOut } from './opted-out.ts';
import { ordered } from './ordered.ts';
import { orphans } from './orphans.ts';
import { promoting } from './promoting.ts';
import { putBack } from './put-back.ts';
import { recordOnly } from './record-only.ts';
import { recreated } from './recreated.ts';
import { releaseDeleted } from './release-deleted.ts';
import { orderForgotten, resumed } from './resumed.ts';
import { reverted } from './reverted.ts';
import { scaledToZero } from './scaled-to-zero.ts';
import { stableLost } from './stable-lost.ts';
import { stableUnavailable } from './stable-unavailable.ts';
import { starting } from './starting.ts';
import { stepping } from './step/index.ts';
import { superseded } from './superseded.ts';
import { targetGone } from './target-gone.ts';
import { unpaused } from './unpaused.ts';
import { unsealed } from './unsealed.ts';
import { unreadableRelease } from './unreadable-release.ts';
import { vanished } from './vanished.ts';
import { withdrawing } from './withdraw.ts';
import { writeRefused } from './write-refused.ts';

/** The first rule that applies answers. Safety stands first: what must not wait for anything else. */
export const RULES: readonly FactsRule[] = [
  // what nobody vouches for
  unsealed,
  // the target or its consent is gone
  targetGone,
  releaseDeleted,
  optedOut,
  unreadableRelease,
  recordOnly,
  recreated,
  // pods run what nobody proved, or traffic goes where nothing answers
  canaryLost,
  stableLost,
  unpaused,
  // the way out, and what leads there
  withdrawing,
  aborted,
  reverted,
  // while anything goes to the canary, in whatever phase: harm, too much of it, and what the judge cannot see
  harmed,
  turnedUp,
  blinded,
  unconfirmed,
  promoting,
  superseded,
  canaryFailed,
  writeRefused,
  canaryChanged,
  scaledToZero,
  stableUnavailable,
  // the way on
  marked,
  ordered,
  resumed,
  starting,
  stepping,
  // no release is under way
  vanished,
  orphans,
  history,
  firstSight,
  orderForgotten,
  putBack,
  heldBack,
  newTemplate,
  holding,
  idle,
];
