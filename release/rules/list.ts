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
import { stepping } from '../step/index.ts';
import { superseded } from './exit/superseded.ts';
import { targetGone } from './gone/target-gone.ts';
import { unpaused } from './safety/unpaused.ts';
import { unsealed } from './gone/unsealed.ts';
import { unreadableRelease } from './gone/unreadable-release.ts';
import { vanished } from './idle/vanished.ts';
import { withdrawing } from './exit/withdraw.ts';
import { writeRefused } from './exit/write-refused.ts';

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
