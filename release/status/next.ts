import type { Reason } from '../../api/reasons.ts';
import { buildConditions, isTerminal } from '../../api/conditions.ts';
import type { DecisionRecord, ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { Split } from '../../api/split.ts';
import { oneLine } from '../../lib/text.ts';
import { OFF, type Observation } from '../../providers/provider.ts';
import type { Facts } from '../facts/facts.ts';
import { crashesAfter } from '../facts/crashes.ts';
import { clocksOf, isExposed } from '../facts/exposure.ts';
import { stableUnavailable } from '../facts/unavailable.ts';
import { logged } from './log.ts';

/** Fields to change; `undefined` removes one. */
export type StatusChange = { [K in keyof ReleaseStatus]?: ReleaseStatus[K] | undefined };

export interface Said {
  /** what this decision does or waits for, for people */
  reason: Reason;
  sentence: string;
  numbers?: Record<string, number>;
}

/**
 * The whole next status of a Release. Observed values come from the facts, never from what was wanted; conditions and
 * the bounded log follow from the rest.
 */
export function nextStatus(facts: Facts, release: Release, said: Said, change: StatusChange): ReleaseStatus {
  const now = new Date(facts.nowMs).toISOString();
  const before = release.status ?? emptyStatus(now);
  const merged: StatusChange = {
    ...before,
    waitsFor: undefined,
    reason: said.reason,
    message: oneLine(said.sentence),
    ...observed(facts, release),
    ...change,
    observedGeneration: release.metadata.generation ?? 1,
  };
  const { step = -1, steps = 0 } = merged;
  merged.stepOf = step < 0 || steps === 0 ? undefined : `${step + 1}/${steps}`;
  if (facts.holdsNewest && release === facts.newest) merged.targetGeneration = facts.target?.generation;
  Object.assign(merged, exposure(facts, release, { now, merged }));
  merged.stableUnavailable = unavailability(facts, release, merged);
  if (release === facts.active) merged.crashes = crashesAfter(facts, release);
  const status: ReleaseStatus = { ...always(before), ...present(merged) };
  if (isTerminal(status.phase)) status.endedAt ??= now;
  status.decisions = logged(before.decisions, entry(now, said));
  const { phase, reason, message, observedGeneration } = status;
  status.conditions = buildConditions(
    { phase, reason, message, observedGeneration, nowMs: facts.nowMs },
    before.conditions,
  );
  return status;
}

/** What every status has. */
function always(status: ReleaseStatus) {
  const { observedGeneration, phase, reason, message, startedAt, conditions, decisions } = status;
  const { step, steps, weight, observedWeight } = status;
  const said = { phase, reason, message, conditions, decisions };
  return { observedGeneration, startedAt, ...said, step, steps, weight, observedWeight };
}

/** The change without the fields that it removes. */
const present = (change: StatusChange): Partial<ReleaseStatus> =>
  Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));

/** Since when requests may go to the canary, and the clocks that limit how long it may stay unjudged. */
function exposure(
  facts: Facts,
  release: Release,
  { now, merged }: { now: string; merged: StatusChange },
): StatusChange {
  const exposed = release === facts.active && isExposed(facts) && !isTerminal(merged.phase ?? 'Pending');
  const exposedAt = exposed ? (merged.exposedAt ?? now) : undefined;
  const clocks = clocksOf(facts, release, { ...merged, exposedAt });
  return { exposedAt, clocks: clocks.length === 0 ? undefined : clocks };
}

/** Stable without available pods matters until the promotion that it may order has begun. */
function unavailability(
  facts: Facts,
  release: Release,
  { phase, promotionStartedAt }: StatusChange,
): ReleaseStatus['stableUnavailable'] {
  const over = isTerminal(phase ?? 'Pending') || phase === 'RollingBack' || promotionStartedAt !== undefined;
  return release === facts.active && !over ? stableUnavailable(facts, release) : undefined;
}

function entry(time: string, { reason, sentence, numbers }: Said): DecisionRecord {
  return { time, reason, sentence: oneLine(sentence), ...(numbers === undefined ? {} : { numbers }) };
}

/** A Release as it is before its first status was written. */
function emptyStatus(now: string): ReleaseStatus {
  return {
    observedGeneration: 1,
    phase: 'Pending',
    reason: 'NewRevision',
    message: '',
    step: -1,
    steps: 0,
    weight: 0,
    observedWeight: 0,
    stepStartedAt: now,
    conditions: [],
    decisions: [],
    startedAt: now,
  };
}

/** Where requests are wanted now; parts that are not wanted are removed. */
export const asked = ({ weight, mirror, matching }: Split): StatusChange => ({
  weight,
  mirror: mirror === 0 ? undefined : mirror,
  matching: matching ? true : undefined,
});

/** No requests are wanted at the canary. */
export const NOTHING: StatusChange = asked(OFF);

const OFF_SEEN: Observation = { ...OFF, acknowledged: 'unknown' };

function observed(facts: Facts, release: Release): StatusChange {
  const seen: Observation | undefined = release === facts.newest ? facts.traffic?.observation : undefined;
  const { weight, mirror = 0, matching = false } = seen ?? OFF_SEEN;
  return {
    observedWeight: weight ?? null,
    observedMirror: mirror === 0 ? undefined : mirror,
    observedMatching: matching ? true : undefined,
  };
}
