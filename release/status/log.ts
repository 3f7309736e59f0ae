import { MAX_DECISIONS } from '../../api/linter.ts';
import { REASON, type Reason } from '../../api/reasons.ts';
import type { DecisionRecord } from '../../api/kinds/release/status.ts';
import { equalJson } from '../../lib/json.ts';

/** Reasons to wait that a reader of the log would not miss. */
const UNREMARKABLE: ReadonlySet<Reason> = new Set([
  REASON.Measuring,
  REASON.Settling,
  REASON.MinimumDuration,
]);

/** The important events of a release: they stay in the log, however many waits follow. */
const MILESTONES: ReadonlySet<Reason> = new Set<Reason>([
  REASON.StepPassed,
  REASON.AllStepsPassed,
  REASON.HarmDetected,
  REASON.PromotedByHuman,
  REASON.AbortedByHuman,
  REASON.PausedByHuman,
  REASON.ResumedByHuman,
]);

/** The first decision and the milestones stay longest; of the others the oldest go first. */
function bounded(log: DecisionRecord[]): DecisionRecord[] {
  const excess = log.length - MAX_DECISIONS;
  if (excess <= 0) return log;
  const last = log.length - 1;
  const ordinary = log.flatMap(({ reason }, index) =>
    index === 0 || index === last || MILESTONES.has(reason) ? [] : [index],
  );
  const dropped = new Set([...ordinary, ...log.keys()].filter((index) => index > 0).slice(0, excess));
  return log.filter((_, index) => !dropped.has(index));
}

/** A repeated reason gets its newest sentence and numbers; the log keeps the first decision and the newest ones. */
export function logged(log: DecisionRecord[], record: DecisionRecord): DecisionRecord[] {
  const last = log.at(-1);
  if (UNREMARKABLE.has(record.reason)) return log;
  if (last?.reason !== record.reason) return bounded([...log, record]);
  const same = last.sentence === record.sentence && equalJson(last.numbers, record.numbers);
  return same ? log : [...log.slice(0, -1), record];
}
