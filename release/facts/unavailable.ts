import type { Release } from '../../api/kinds/release/release.ts';
import type { StableUnavailable } from '../../api/kinds/release/status.ts';
import type { Facts } from './facts.ts';
import { condition, timeOf } from './workload.ts';

/** Stable counts as broken if it has no available pod for this long. */
const BROKEN_AFTER_MS = 60_000;

/**
 * Since when the controller sees, by its own clock, that stable has no available pod. Times of the API server, which
 * has another clock, are compared only with one another: if the last change is newer than the one seen before, a pod
 * was ready in between. undefined: a pod is ready, no pod is wanted, or the API does not say so.
 */
export function stableUnavailable(facts: Facts, { status }: Release): StableUnavailable | undefined {
  const changedMs = changedAtMs(facts);
  if (changedMs === undefined) return undefined;
  const seen = status?.stableUnavailable;
  if (seen !== undefined && changedMs <= Date.parse(seen.changedAt)) return seen;
  return { since: new Date(facts.nowMs).toISOString(), changedAt: new Date(changedMs).toISOString() };
}

/** The controller has seen stable without an available pod for long enough, and still does. */
export function stableBroken(facts: Facts, release: Release): boolean {
  const seen = stableUnavailable(facts, release);
  return seen !== undefined && facts.nowMs - Date.parse(seen.since) >= BROKEN_AFTER_MS;
}

/** When the status that says stable is not available last changed, by the API server's clock. */
function changedAtMs({ target, stable }: Facts): number | undefined {
  if (target === undefined || target.replicas === 0) return undefined;
  const pods = stable?.replicaSet?.pods ?? [];
  const available = condition(target.object, 'Available');
  if (available?.status !== 'False' || pods.some((pod) => pod.ready)) return undefined;
  const changedMs = Math.max(timeOf(available.since, Infinity), ...pods.map((pod) => pod.readyChangedMs));
  return Number.isFinite(changedMs) ? changedMs : undefined;
}
