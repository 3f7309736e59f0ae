import { Command as Declared, CommanderError } from 'commander';

/**
 * The input of a subcommand from playground/main.ts, the only file that ends the program, prints and reads
 * its environment.
 */
export interface Program {
  args: string[];
  env: Record<string, string | undefined>;
  /** the operating system as Node names it, e.g. "linux" */
  platform: string;
  print(line: string): void;
  complain(line: string): void;
  /** raw text to the terminal, without a line end; only where `terminal` is true */
  write(text: string): void;
  /** whether standard output is a terminal */
  terminal: boolean;
  /** width of the terminal now; Infinity without a terminal */
  columns(): number;
  /** resolves when the program should end: on a signal, or when its parent process has ended */
  ended: Promise<void>;
  /** sends a message to the parent process, if that listens */
  tell(message: object): void;
}

/** Reads the arguments of a subcommand and runs it; resolves to the exit code. */
export type Command = (program: Program) => Promise<number>;

/** Wrong flags; the message names flag, value and remedy. */
export class UsageError extends Error {}

/** The range of seeds for random numbers. */
export const SEED = [0, 2 ** 31] as const;

/** The exit code for wrong flags. */
const USAGE_EXIT = 2;

interface Parts<Flags> {
  /** its name on the command line */
  name: string;
  /** what it does, for its help */
  help: string;
  /** flags, each with its help */
  takes: (command: Declared) => void;
  /** resolves to the exit code */
  run: (program: Program, flags: Flags) => Promise<number>;
}

/** A whole subcommand: its flags, its help and what it does. */
export const command =
  <Flags extends object>({ name, help, takes, run }: Parts<Flags>): Command =>
  async (program) => {
    const declared = new Declared(name)
      .description(help)
      .usage('[flags]')
      .helpOption('-h, --help', 'print this')
      .configureOutput({ writeOut: (text) => program.print(text.trimEnd()), writeErr: () => undefined })
      .exitOverride();
    takes(declared);
    try {
      return await run(program, declared.parse(program.args, { from: 'user' }).opts<Flags>());
    } catch (error) {
      if (error instanceof CommanderError && error.exitCode === 0) return 0;
      if (!(error instanceof CommanderError || error instanceof UsageError)) throw error;
      const what = error.message
        .replace(/^error: /, '')
        .replace(/\.$/, '')
        .replaceAll('\n', ' ');
      program.complain(`${name}: ${what} (${name} --help lists the flags)`);
      return USAGE_EXIT;
    }
  };

/** Parses one of these words. */
export const oneOf =
  <T extends string>(flag: string, allowed: readonly T[]) =>
  (value: string): T => {
    const known = allowed.find((each) => each === value);
    if (known !== undefined) return known;
    throw new UsageError(`${flag}: "${value}" is not known; give one of ${allowed.join(', ')}`);
  };

/** Parses a whole number in this range. */
export const whole =
  (flag: string, [min, max]: readonly [min: number, max: number]) =>
  (value: string): number => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    throw new UsageError(`${flag}: "${value}" is out of range; give a whole number from ${min} to ${max}`);
  };
