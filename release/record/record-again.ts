import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { stableAfter, withdrawalOf } from '../facts/records.ts';
import type { WorkloadFacts } from '../facts/workload.ts';
import type { Facts } from '../facts/facts.ts';
import type { Action } from '../model.ts';
import { optional } from '../actions.ts';
import { making } from './made.ts';
import { newRelease } from './record.ts';
import { TURNED_DOWN } from '../plan/withdraw.ts';

/*
 * Records that are written because another Release is about to disappear. A server that refuses them (a namespace that
 * is being deleted) does not delay that.
 */

/** The record of a Release that was deleted during its release, with the end that it would have had. */
export function recordAgain(
  facts: Facts,
  target: WorkloadFacts,
  gone: Release,
): { made: Release & { status: ReleaseStatus }; create: Action[] } {
  const { spec, status } = gone;
  const annotations = { [ANNOTATION.recordedAs]: 'Deleted' };
  const { stable, canary, policy, analysis, traffic } = spec;
  const rest = { stable, canary, policy, analysis, ...(traffic === undefined ? {} : { traffic }) };
  const release = newRelease(target, rest, { annotations, beside: facts.snapshot });
  const create = optional([making(facts, 'record how the deleted release ended', release)]);
  const before = status ?? DELETED(facts);
  return { made: { ...release, status: { ...before, phase: withdrawalOf(gone).endsAs } }, create };
}

/** The status for a Release that was deleted before it had one, or together with it. */
export const DELETED = ({ nowMs, target }: Facts): ReleaseStatus => {
  const now = new Date(nowMs).toISOString();
  return {
    observedGeneration: 1,
    phase: 'Aborted',
    withdrawal: TURNED_DOWN,
    reason: REASON.ReleaseDeleted,
    message:
      'The Release was deleted while it was under way; Sluice does not begin its template again by itself.',
    step: -1,
    steps: 0,
    weight: 0,
    observedWeight: 0,
    ...(target === undefined ? {} : { targetGeneration: target.generation }),
    conditions: [],
    decisions: [],
    startedAt: now,
  };
};

/**
 * Records what an earlier Deployment of the name called stable, for its successor: the Releases of the earlier one are
 * deleted with it.
 */
export function recordRecreated(facts: Facts, target: WorkloadFacts, last: Release): Action[] {
  const annotations = { [ANNOTATION.recordedAs]: 'Recreated' };
  const spec = { stable: stableAfter(last), canary: { template: target.template }, policy: {}, analysis: [] };
  const release = newRelease(target, spec, { annotations, beside: facts.snapshot });
  return optional([making(facts, 'remember what was stable', release)]);
}
