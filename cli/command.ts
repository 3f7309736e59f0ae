import type { Command } from 'commander';
import type { Io } from './io.ts';

/** One whole command of the command line: what it takes, what its help says, what it does. */
export interface CliCommand {
  /** Makes the command with that name; it hands its exit code to `done`. */
  addTo(program: Command, name: string, io: Io, done: (exitCode: number) => void): void;
}

interface Parts<Given extends unknown[]> {
  /** one line of `sluice --help` */
  help: string;
  /** arguments and flags, each with its help */
  takes: (command: Command) => void;
  /** gets the arguments, then the flags; resolves to the exit code */
  run: (io: Io, ...given: Given) => number | Promise<number>;
}

export function command<Given extends unknown[]>({ help, takes, run }: Parts<Given>): CliCommand {
  return {
    addTo(program, name, io, done) {
      const made = program.command(name).description(help);
      takes(made);
      made.action(async (...given: Given) => done(await run(io, ...given)));
    },
  };
}
