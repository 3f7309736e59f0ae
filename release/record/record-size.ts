import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import { LARGEST_RECORD_KIB, templateKib } from '../canary/index.ts';
import type { Facts } from '../facts/facts.ts';
import type { WorkloadFacts } from '../facts/workload.ts';
import type { Answer } from '../model.ts';
import { event, markFailed, unpause } from '../actions.ts';
import { answer, AT_ONCE, SLOW_MS } from '../answer.ts';

/*
 * A record that the API server cannot store is never tried, and the target is not held for it: this is checked before
 * anything is written.
 */

/** The templates that one Release would hold. */
export interface Held {
  stable: JsonObject;
  canary: JsonObject;
}

/** Why the templates do not fit into one Release; undefined: they do. */
export function tooLargeForRecord(target: WorkloadFacts, { stable, canary }: Held): string | undefined {
  const kib = templateKib(stable) + templateKib(canary);
  if (kib <= LARGEST_RECORD_KIB) return undefined;
  return `spec.template of Deployment ${target.name} is too large: its record would hold ${kib} KiB of pod templates, the stable one and the new one, more than the ${LARGEST_RECORD_KIB} that fit into a Release; move long values into a ConfigMap.`;
}

/** What serves cannot be recorded: the target is not held, and a hold by Sluice ends. */
export function notHeld(facts: Facts, target: WorkloadFacts, held: Held): Answer | undefined {
  const why = tooLargeForRecord(target, held);
  if (why === undefined) return undefined;
  const sentence = `${why} Until then the target is not held, and its changes roll out without Sluice.`;
  const ours = target.paused && (target.marker !== undefined || target.pausedBySluice);
  const actions = [
    ...(ours ? [unpause(target)] : []),
    ...event(facts, 'Warning', REASON.TargetUnsupported, sentence),
  ];
  const requeueAfterMs = ours ? AT_ONCE : SLOW_MS;
  return answer({ reason: REASON.TargetUnsupported, sentence, actions, outcome: 'stalled', requeueAfterMs });
}

/**
 * A new template for which no Release can be made: it stays held, because stable has a record, and native tools say
 * why.
 */
export function cannotBegin(facts: Facts, target: WorkloadFacts, held: Held): Answer | undefined {
  const sentence = tooLargeForRecord(target, held);
  if (sentence === undefined) return undefined;
  const signs = markFailed(facts, target, `blocked: ${sentence}`);
  const told = signs.length === 0 ? [] : event(facts, 'Warning', 'Blocked', sentence);
  const actions = [...signs, ...told];
  const parts = { reason: REASON.TargetUnsupported, sentence, actions, outcome: 'stalled' as const };
  return answer({ ...parts, requeueAfterMs: SLOW_MS });
}
