import { Command } from 'commander';
import { commandsFor } from './commands/list.ts';
import { readVersion } from './commands/version.ts';
import type { Io } from './io.ts';

/** The command line, as far as these arguments need it. Each command hands its exit code to `done`. */
export async function buildProgram(
  io: Io,
  args: readonly string[],
  done: (exitCode: number) => void,
): Promise<Command> {
  const program = new Command('sluice')
    .description('Progressive delivery for plain Kubernetes Deployments.')
    .version(readVersion(), '-V, --version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.text(text.trimEnd()),
      writeErr: (text) => {
        for (const line of text.trimEnd().split('\n')) io.err(line);
      },
    })
    .showHelpAfterError('(sluice --help lists the commands and their options)');
  // Help for an unknown command is an error: a script that checks whether a command exists would take exit code 0 for a
  // yes.
  program.on('beforeHelp', () => {
    const [name] = program.args;
    const known = name === undefined || name.startsWith('-') || name === 'help';
    if (!known) program.error(`error: unknown command '${name}'`);
  });

  for (const [name, command] of await commandsFor(args)) command.addTo(program, name, io, done);
  return program;
}
