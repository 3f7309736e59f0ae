import type { Io } from '../io.ts';
import { EXIT } from '../io.ts';
import { toJson } from '../format/document.ts';
import { paintVerdict } from '../format/phase.ts';
import type { Decision, InputError, Look } from './analysis.ts';

const time = (ms: number): string => new Date(ms).toISOString();

const EXIT_OF: Record<Decision['decision'], number> = {
  promote: EXIT.promoted,
  rollback: EXIT.rolledBack,
  inconclusive: EXIT.needsHuman,
  waiting: EXIT.needsHuman,
};

export function exitCodeOf({ decision }: Decision): number {
  return EXIT_OF[decision];
}

/** Prints every look, and the decision as the last line. */
export interface Reporter {
  look: (look: Look) => void;
  decision: (decision: Decision) => void;
  /** the input cannot be used: there is no decision */
  invalid: (error: InputError) => void;
}

export function jsonReporter(io: Io, weights: readonly (number | undefined)[]): Reporter {
  const placeOf = (index: number) => {
    const weight = weights[index];
    return { step: index, ...(weight === undefined ? {} : { weight }) };
  };
  return {
    look({ endMs, index, verdict, conclusion, ladder }) {
      const { result, reason, sentence, numbers } = verdict;
      const metrics = ladder.state.verdicts;
      const base = { t: time(endMs), ...placeOf(index), result, reason, sentence, next: conclusion.to };
      io.text(toJson({ ...base, numbers, metrics }));
    },
    decision({ decision, reason, sentence, numbers, index, endMs }) {
      const t = endMs === undefined ? {} : { t: time(endMs) };
      io.text(toJson({ decision, reason, sentence, ...t, ...placeOf(index), numbers }));
    },
    invalid({ message, line }) {
      io.text(toJson({ decision: 'invalid', reason: 'InvalidInput', sentence: message, line, numbers: {} }));
    },
  };
}

const WORDS: Record<Decision['decision'], string> = {
  promote: 'promote',
  rollback: 'roll back',
  inconclusive: 'inconclusive: the samples end before anything is decided',
  waiting: 'a human has to decide',
};

/** "12:30:15  step 1/3 5%  inconclusive  MoreDataNeeded: …" */
export function textReporter(io: Io, weights: readonly (number | undefined)[]): Reporter {
  const placeOf = (index: number): string => {
    const weight = weights[index];
    return `step ${index + 1}/${weights.length}${weight === undefined ? '' : ` ${weight}%`}`;
  };
  return {
    look({ endMs, index, verdict }) {
      const { result, reason, sentence } = verdict;
      const clock = io.paint('dim', time(endMs).slice(11, 19));
      io.out(`${clock}  ${placeOf(index)}  ${paintVerdict(io.paint, result)}  ${reason}: ${sentence}`);
    },
    decision(decision) {
      const code = exitCodeOf(decision);
      const colour = code === EXIT.promoted ? 'green' : code === EXIT.rolledBack ? 'red' : 'yellow';
      const words = io.paint(colour, WORDS[decision.decision]);
      io.out(`Decision in ${placeOf(decision.index)}: ${words} (${decision.reason}). ${decision.sentence}`);
    },
    invalid() {
      io.out(`No decision: ${io.paint('red', 'the input cannot be used')}.`);
    },
  };
}
