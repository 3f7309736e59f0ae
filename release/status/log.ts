import { MAX_DECISIONS } from '../../api/linter.ts';
import { REASON, type Reason } from '../../api/reasons.ts';
import type { DecisionRecord } from '../../api/kinds/release/status.ts';
import { equalJson } from '../../lib/json.ts';

/** Waits that say nothing a reader of the log would miss. */
const UNREMARKABLE: ReadonlySet<Reason> = new Set([
  REASON.Measuring,
  REASON.Settling,
  REASON.MinimumDuration,
]);

/** What the story of a release is made of: it stays, however much is waited for later. */
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

/** Repeating a reason brings its newest sentence and numbers; the log keeps the first decision and the newest ones. */
export function logged(log: DecisionRecord[], record: DecisionRecord): DecisionRecord[] {
  const last = log.at(-1);
  if (UNREMARKABLE.has(record.reason)) return log;
  if (last?.reason !== record.reason) return bounded([...log, record]);
  const same = last.sentence === record.sentence && equalJson(last.numbers, record.numbers);
  return same ? log : [...log.slice(0, -1), record];
}
