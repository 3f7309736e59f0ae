import type { Measurement } from '../api/analysis.ts';
import { REASON } from '../api/reasons.ts';
import { oneLine } from '../lib/text.ts';
import { factsOf, type Facts } from './facts/facts.ts';
import type { MeasureResult } from '../api/measuring.ts';
import type { Answer, Decision, Snapshot } from './model.ts';
import { breakingDown } from './live/break-down.ts';
import { keepJudging } from './live/measure.ts';
import { rememberingSkip } from './plan/skip.ts';
import { RULES } from './rules/list.ts';
import { plainly, toldPlainly } from './rules/plain.ts';
import { situationOf, type Kind, type Situations } from './situation.ts';
import { logged } from './status/log.ts';
import type { Obstacle } from './status/trouble.ts';

/** What to do about one target, and why: the answer of the first rule of its situation that applies. Pure. */
export function decide(snapshot: Snapshot): Decision {
  const situation = situationOf(factsOf(snapshot));
  return decideIn(situation.kind, situation);
}

function decideIn<K extends Kind>(kind: K, situation: Situations[K]): Decision {
  const { rules, otherwise } = RULES[kind];
  for (const rule of rules) {
    const answer = rule.decide(situation);
    if (answer !== undefined) return completed(situation, rule.name, answer);
  }
  return completed(situation, otherwise.name, otherwise.decide(situation));
}

const completed = (facts: Facts, rule: string, answer: Answer): Decision =>
  rememberingSkip(facts, { rule, ...breakingDown(facts, keepJudging(facts, answer)) });

export interface Decided {
  decision: Decision;
  /** what was thrown while deciding, if anything: a bug */
  bug?: unknown;
  /** nothing could be decided except by the plain rule */
  obstacle?: Obstacle;
}

/**
 * Always returns a decision, even if deciding throws. First the measurement is dropped, as if its window had brought no
 * numbers. If something else was the cause, the plain rule answers; `brokenSinceMs` says since when.
 */
export function decideSafely(
  snapshot: Snapshot,
  decideOn: (snapshot: Snapshot) => Decision,
  brokenSinceMs: () => number,
): Decided {
  try {
    return { decision: decideOn(snapshot) };
  } catch (bug) {
    const without = withoutNumbers(snapshot, bug, decideOn);
    if (without !== undefined) return { decision: without, bug };
    const sentence = `${whatStopped(bug)}; traffic is taken off the canary if that lasts, or if the release is aborted, the target opts out or is deleted.`;
    const sinceMs = brokenSinceMs();
    const answer = plainly(snapshot, sentence, sinceMs);
    const decision = {
      rule: 'plain',
      ...answer,
      actions: [...answer.actions, ...toldPlainly(snapshot, sentence)],
    };
    return {
      decision,
      bug,
      obstacle: { reason: REASON.InternalError, sentence, sinceMs, needsHuman: true },
    };
  }
}

function withoutNumbers(
  snapshot: Snapshot,
  bug: unknown,
  decideOn: (snapshot: Snapshot) => Decision,
): Decision | undefined {
  const { measured } = snapshot;
  if (measured === undefined) return undefined;
  try {
    return told(decideOn({ ...snapshot, measured: asGap(measured) }), snapshot, textOf(bug));
  } catch {
    return undefined;
  }
}

/** The same window, without data. */
function asGap(measured: MeasureResult): MeasureResult {
  const sentence = 'its numbers led to an error of Sluice and were dropped';
  const gap = ({ metric, window }: Measurement): Measurement => ({
    metric,
    window,
    outcome: 'nan',
    sentence,
  });
  return { ...measured, measurements: measured.measurements.map(gap) };
}

function told(decision: Decision, snapshot: Snapshot, error: string): Decision {
  const sentence = `A measurement was dropped: it led to an error of Sluice while deciding (${error}); please report it.`;
  const actions = [...decision.actions, ...toldPlainly(snapshot, sentence)];
  if (decision.status === undefined) return { ...decision, actions };
  const { next } = decision.status;
  const entry = { time: new Date(snapshot.nowMs).toISOString(), reason: REASON.InternalError, sentence };
  const status = { ...decision.status, next: { ...next, decisions: logged(next.decisions, entry) } };
  return { ...decision, actions, status };
}

/** The words stay the same each time, so that an Event is counted and not repeated. */
const whatStopped = (bug: unknown): string =>
  isQuarantine(bug)
    ? 'Deciding about this target takes too long, so Sluice leaves it alone for a while, longer each time'
    : `Sluice met an error of its own while deciding (${textOf(bug)})`;

/** The decision was stopped on purpose: this is not an error of ours. */
export const isQuarantine = (bug: unknown): boolean => bug instanceof Error && bug.name === 'Quarantined';

const textOf = (bug: unknown): string =>
  oneLine(bug instanceof Error ? `${bug.name}: ${bug.message}` : 'something was thrown').slice(0, 300);
