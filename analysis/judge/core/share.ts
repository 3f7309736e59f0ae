import { REASON } from '../../../api/reasons.ts';
import type { TrafficShare } from '../../../api/kinds/release/status.ts';
import { checkShare, ENOUGH, shareInterval, type ShareResult } from '../../stats/share.ts';

/** What a window adds to the knowledge about the split. */
export interface ShareWindow {
  /** time at which the weight was observed; counts of an earlier weight are dropped */
  since: string;
  /** percent, 0 to 100, both excluded */
  wanted: number;
  canary: number;
  stable: number;
}

/** The counts of the step with those of one more window, and what they say. */
export function judgeShare(before: TrafficShare | undefined, window: ShareWindow): TrafficShare {
  const { since, wanted } = window;
  const kept = countsSince(before, since, wanted);
  const counts = { canary: kept.canary + window.canary, stable: kept.stable + window.stable };
  const result = checkShare(counts, wanted / 100);
  return {
    version: 1,
    since,
    wanted,
    ...counts,
    reason: REASON_OF[result],
    sentence: sentenceOf(result, counts, wanted),
  };
}

/** The share as far as it was counted, with the reason why nothing could be added. */
export function shareUnknown(
  before: TrafficShare | undefined,
  { since, wanted, why }: { since: string; wanted: number; why: string },
): TrafficShare {
  if (before?.since === since && before.wanted === wanted && before.canary + before.stable >= ENOUGH)
    return before;
  const counts = countsSince(before, since, wanted);
  return {
    version: 1,
    since,
    wanted,
    ...counts,
    reason: REASON.TrafficShareUnverified,
    sentence: `${UNVERIFIED}: ${why}.`,
  };
}

const UNVERIFIED = 'Whether the canary gets the share it should cannot be verified';

function countsSince(
  before: TrafficShare | undefined,
  since: string,
  wanted: number,
): { canary: number; stable: number } {
  const same = before?.since === since && before.wanted === wanted;
  return same ? { canary: before.canary, stable: before.stable } : { canary: 0, stable: 0 };
}

const REASON_OF: Record<ShareResult, TrafficShare['reason']> = {
  unverifiable: REASON.TrafficShareUnverified,
  asWanted: REASON.TrafficShareVerified,
  tooLow: REASON.TrafficShareTooLow,
  tooHigh: REASON.TrafficShareTooHigh,
  none: REASON.TrafficShareNone,
};

function sentenceOf(result: ShareResult, counts: { canary: number; stable: number }, wanted: number): string {
  const all = counts.canary + counts.stable;
  const requests = `${Math.round(all)} requests`;
  const { low, high } = shareInterval(counts, wanted / 100);
  const seen = all === 0 ? '' : `${percent(counts.canary / all)} of ${requests}`;
  switch (result) {
    case 'unverifiable':
      return `${UNVERIFIED} yet: ${requests} were counted since the weight was observed, ${ENOUGH} are needed.`;
    case 'asWanted':
      return `The canary gets ${seen} (${percent(low)} to ${percent(high)}); ${wanted}% are wanted.`;
    case 'tooLow':
      return `The canary gets ${seen} (at most ${percent(high)}) where ${wanted}% are wanted; likely causes: clients that stay on the version they began with, clients that bypass the router, canary pods that the router does not reach, or a data plane that does not follow the route.`;
    case 'none':
      return `The canary got none of ${requests} where about ${Math.round((wanted / 100) * all)} were due; likely causes: canary pods that the data plane does not reach, clients that bypass the router, or a data plane that does not follow the route.`;
    case 'tooHigh':
      return `The canary gets ${seen} (at least ${percent(low)}) where ${wanted}% are wanted, so the data plane does not do what the route says; likely causes: a data plane that does not follow the route, or clients that call the canary Service by its name.`;
  }
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))}%`;
