import type { Reason } from '../../api/reasons.ts';
import type { Verdict } from '../../api/kinds/release/verdict.ts';
import type { Window } from '../../api/analysis.ts';
import { metricsOf } from '../../api/bound.ts';
import { formatDuration } from '../../lib/duration.ts';
import { REASON } from '../../api/reasons.ts';
import { formatIssue, type Issue } from '../../lib/result.ts';
import {
  climb,
  moveTo,
  startLadder,
  type Conclusion,
  type Ladder,
  type Plan,
} from '../../analysis/replay/ladder.ts';
import { UsageError } from '../io.ts';
import { LongLine, splitLines } from '../../kube/lines.ts';
import { parseSample, type Known } from './sample.ts';
import { Windows, type ClosedWindow } from './windows.ts';

/** After one window: the state of the release, and the conclusion about it. */
export interface Look {
  /** end of the window, ms since the epoch */
  endMs: number;
  /** the step the window was in */
  index: number;
  verdict: Verdict;
  conclusion: Conclusion;
  ladder: Ladder;
}

export interface Decision {
  decision: 'promote' | 'rollback' | 'inconclusive' | 'waiting';
  reason: Reason;
  sentence: string;
  numbers: Record<string, number>;
  /** index of the step it was decided in */
  index: number;
  /** end of the last window; absent if there was none */
  endMs?: number;
}

export interface Listener {
  look: (look: Look) => void;
  /** called with something that the reader may not have meant */
  note: (sentence: string) => void;
}

/** A line that cannot be used. The message names line, field, value and remedy. */
export class InputError extends UsageError {
  readonly line: number;

  constructor(line: number, issues: readonly Issue[]) {
    super(`line ${line}: ${issues.map(formatIssue).join('; ')}`);
    this.line = line;
  }
}

/**
 * Judges samples as they come, window by window, with a look after each, until the release is promoted or rolled back or the
 * samples end. Throws an InputError at the first line that cannot be used.
 */
export async function analyse(
  pieces: AsyncIterable<string>,
  plan: Plan,
  listener: Listener,
): Promise<Decision> {
  const course = new Course(plan, listener);
  const windows = new Windows(intervalOf(plan), course.names);
  try {
    for await (const { number, text } of splitLines(pieces)) {
      if (text.trim() === '') continue;
      const sample = parseSample(text, course.known);
      if (!sample.ok) throw new InputError(number, sample.issues);
      const closed = windows.add(sample.value);
      if (!Array.isArray(closed)) throw new InputError(number, [closed]);
      const decision = course.judge(closed);
      if (decision !== undefined) return decision;
    }
  } catch (error) {
    if (!(error instanceof LongLine)) throw error;
    const remedy = 'end every sample with a line end';
    throw new InputError(error.line, [{ path: 'sample', message: `is ${error.message}`, remedy }]);
  }
  return course.judge(windows.end()) ?? course.undecided();
}

/** The length of a window that suits every template, chosen as in the controller. */
export function intervalOf({ templates }: Plan): number {
  return Math.max(...templates.map(({ template }) => template.intervalMs));
}

/** The release, moved on by each window. */
class Course {
  readonly known: Known;
  readonly names: ReadonlySet<string>;
  readonly #plan: Plan;
  readonly #listener: Listener;
  #ladder = startLadder();
  /** the input says in which step the release is, so a step that passes does not move it on */
  #led = false;
  #last: Look | undefined;
  #minded = false;

  constructor(plan: Plan, listener: Listener) {
    this.#plan = plan;
    this.#listener = listener;
    const metrics = metricsOf(plan.templates).map(({ key, metric }) => [key, metric] as const);
    const weights = plan.steps.flatMap(({ weight }) => (weight === undefined ? [] : [weight]));
    this.known = { metrics: new Map(metrics), weights };
    this.names = new Set(this.known.metrics.keys());
  }

  judge(closed: readonly ClosedWindow[]): Decision | undefined {
    for (const window of closed) {
      const decision = this.#judge(window);
      if (decision !== undefined) return decision;
    }
    return undefined;
  }

  #judge({ window, measurements, step }: ClosedWindow): Decision | undefined {
    if (step !== undefined) {
      this.#led = true;
      if (step !== this.#ladder.index) this.#ladder = moveTo(this.#ladder, this.#plan, step);
    }
    const { ladder, verdict, conclusion } = climb(this.#ladder, this.#plan, { window, measurements });
    const { index } = ladder;
    const look: Look = { endMs: window.endMs, index, verdict, conclusion, ladder };
    this.#mind(window);
    this.#last = look;
    this.#listener.look(look);
    this.#ladder = conclusion.to === 'next' && !this.#led ? moveTo(ladder, this.#plan, index + 1) : ladder;
    const { to, reason, sentence } = conclusion;
    if (to !== 'promote' && to !== 'rollback') return undefined;
    return { decision: to, reason, sentence, numbers: verdict.numbers, index, endMs: look.endMs };
  }

  /** If samples are of minutes and the template's interval is of seconds, time is counted wrongly. Says so once. */
  #mind({ startMs, endMs }: Window): void {
    const beforeMs = this.#last?.endMs ?? startMs;
    if (this.#minded || startMs <= beforeMs) return;
    this.#minded = true;
    const [apart, lasts] = [endMs - beforeMs, endMs - startMs].map(formatDuration);
    this.#listener.note(
      `the window that ends at ${new Date(endMs).toISOString()} ends ${apart ?? ''} after the one before, but lasts ${lasts ?? ''} (interval); the time between counts as not measured. If samples are of ${apart ?? ''}, set interval: ${apart ?? ''} in the template`,
    );
  }

  /** The decision if the samples end before the release does. */
  undecided(): Decision {
    const { index } = this.#ladder;
    if (this.#last === undefined) {
      const sentence = 'the input holds no window';
      return { decision: 'inconclusive', reason: REASON.NoData, sentence, numbers: {}, index };
    }
    const { conclusion, verdict, endMs } = this.#last;
    const decision = conclusion.to === 'human' ? 'waiting' : 'inconclusive';
    const { reason, sentence } = conclusion;
    return { decision, reason, sentence, numbers: verdict.numbers, index, endMs };
  }
}
