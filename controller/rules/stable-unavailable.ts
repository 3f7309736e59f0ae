import { REASON } from '../../api/reasons.ts';
import type { Facts } from '../facts.ts';
import { phaseOf } from '../facts/records.ts';
import { condition, timeOf } from '../facts/workload.ts';
import type { FactsRule } from './answer.ts';
import { promote } from './promote.ts';

const BROKEN_AFTER_MS = 60_000;

/** No stable pod has been available for 60 s: the new version is the best there is, as soon as the canary is ready. */
export const stableUnavailable: FactsRule = {
  name: 'stable-unavailable',
  decide(facts) {
    const { active, canary } = facts;
    if (active === undefined || !['Progressing', 'Waiting'].includes(phaseOf(active))) return undefined;
    const sinceMs = unavailableSince(facts);
    if (sinceMs === undefined || facts.nowMs - sinceMs < BROKEN_AFTER_MS) return undefined;
    if (!canary.ofRelease || canary.ready.length === 0 || canary.available < canary.wanted) return undefined;
    const sentence = 'No stable pod has been available for 60 s and the canary is ready: it is promoted.';
    return promote(facts, active, { reason: REASON.StableUnavailable, sentence });
  },
};

/** Since when no stable pod is ready; undefined while one is, or while none is wanted. */
function unavailableSince({ target, stable }: Facts): number | undefined {
  if (target === undefined || target.replicas === 0) return undefined;
  const pods = stable?.replicaSet?.pods ?? [];
  if (pods.some((pod) => pod.ready)) return undefined;
  const available = condition(target.object, 'Available');
  const nativeMs = available?.status === 'False' ? timeOf(available.since, Infinity) : Infinity;
  // The newest change counts: a pod that was ready until just now was not broken before.
  return Math.max(nativeMs, ...pods.map((pod) => pod.readyChangedMs));
}
