import type { Clock } from '../lib/clock.ts';

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';
export type Paint = (colour: Colour, text: string) => string;

/** What a command gets from main.ts, the only file that prints, reads the environment and ends the program. */
export interface Io {
  /** prints one line; characters that would steer a terminal, including line breaks, are escaped */
  out(line: string): void;
  err(line: string): void;
  /** prints lines that we wrote ourselves, and documents for machines (format/document.ts) */
  text(lines: string): void;
  /** resolves once everything printed so far has left the program: a command that prints without end waits here for its reader */
  flushed(): Promise<void>;
  paint: Paint;
  /** how wide a line may be */
  columns(): number;
  clock: Clock;
  /** aborted by the first SIGINT, SIGTERM or SIGHUP */
  stop: AbortSignal;
}

/**
 * Exit codes of every command. Those of `wait` are a contract with CI pipelines; the others use 0, 1 (failed) and 2.
 */
export const EXIT = {
  promoted: 0,
  rolledBack: 1,
  aborted: 1,
  usage: 2,
  timedOut: 3,
  needsHuman: 4,
  superseded: 5,
  blocked: 6,
  escaped: 7,
  gone: 8,
  /** ended by a signal, as shells report SIGINT */
  interrupted: 130,
} as const;

/** Wrong use of the command line; the message names the argument, its value and what to give instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
