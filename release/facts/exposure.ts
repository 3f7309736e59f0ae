import type { BoundedClock, ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { isOff } from '../../providers/provider.ts';
import type { Facts } from './facts.ts';
import { isEnded } from './records.ts';
import { timeOf } from './workload.ts';

/** A weight that is not confirmed within this time is taken back. */
export const CONFIRM_WITHIN_MS = 120_000;
/** Unless a window that ended at most this many intervals ago was judged, a bounded clock runs. */
const INTERVALS = 4;
/** The status shows the clock one interval earlier. */
const SHOWN_AFTER = INTERVALS - 1;
const NO_INTERVAL_MS = 15_000;

/** Does anything go to the canary, as far as can be seen? A route that cannot be read may send anything. */
export const isExposed = ({ traffic }: Pick<Facts, 'traffic'>): boolean =>
  traffic !== undefined && !isOff(traffic.observation);

/** Length of a window: at least one interval of every template. */
export function intervalOf({ templates = [] }: Pick<Facts, 'templates'>): number {
  return templates.length === 0
    ? NO_INTERVAL_MS
    : Math.max(...templates.map(({ template }) => template.intervalMs));
}

type Timed = {
  [K in 'phase' | 'analysis' | 'exposedAt' | 'weightWrittenAt' | 'weightObservedAt']?:
    ReleaseStatus[K] | undefined;
};

/** The clocks that now limit the time in which the judge can do nothing. */
export function clocksOf(facts: Facts, release: Release, status: Timed): BoundedClock[] {
  const live = status.phase === 'Progressing' || status.phase === 'Waiting' || status.phase === 'Promoting';
  if (!live || status.exposedAt === undefined || isEnded(release)) return [];
  return [...blind(facts, status), ...unconfirmed(status)];
}

function blind(facts: Facts, { analysis, exposedAt }: Timed): BoundedClock[] {
  const { nowMs, rules, snapshot } = facts;
  const sinceMs = Math.max(analysis?.dataUntilMs ?? 0, timeOf(exposedAt, nowMs));
  const intervalMs = intervalOf(facts);
  const { scrapeLagMs } = snapshot.config;
  if (nowMs - sinceMs <= SHOWN_AFTER * intervalMs + scrapeLagMs) return [];
  const limitMs = Math.max(rules?.policy.blindMs ?? 0, INTERVALS * intervalMs + scrapeLagMs);
  return [clock('blind', sinceMs, limitMs)];
}

function unconfirmed({ weightWrittenAt, weightObservedAt, phase }: Timed): BoundedClock[] {
  const sinceMs = timeOf(weightWrittenAt, Number.NaN);
  if (Number.isNaN(sinceMs) || weightObservedAt !== undefined || phase === 'Promoting') return [];
  return [clock('unconfirmed', sinceMs, CONFIRM_WITHIN_MS)];
}

const clock = (name: BoundedClock['name'], sinceMs: number, limitMs: number): BoundedClock => ({
  name,
  since: new Date(sinceMs).toISOString(),
  until: new Date(sinceMs + limitMs).toISOString(),
});
