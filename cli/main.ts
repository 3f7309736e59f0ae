#!/usr/bin/env node
import { styleText } from 'node:util';
import { CommanderError } from 'commander';
import { KubeError } from '../kube/errors.ts';
import { systemClock } from '../kube/clock.ts';
import { EXIT, UsageError, type Io } from './io.ts';
import { complainAboutNode } from './node-version.ts';

const colours = process.stdout.isTTY && process.stdout.hasColors();
const stop = new AbortController();
const io: Io = {
  out: (line) => console.log(line),
  err: (line) => console.error(line),
  paint: (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text),
  clock: systemClock,
  stop: stop.signal,
};

/** `controller` and `demo` answer signals in their own way. */
function abortOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (error instanceof UsageError || error instanceof KubeError) io.err(`sluice: ${error.message}`);
  else
    io.err(
      `sluice: unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  // Not 1: a pipeline would take that for a rollback.
  return EXIT.usage;
}

const complaint = complainAboutNode(process.versions.node);
if (complaint !== undefined) {
  io.err(`sluice: ${complaint}`);
  process.exit(EXIT.usage);
}
// `sluice status | head`: whoever read our output has seen enough. What a shell says of SIGPIPE; 0 would read as promoted.
const BROKEN_PIPE = 141;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? BROKEN_PIPE : EXIT.usage);
});
const own = ['controller', 'demo'].includes(process.argv[2] ?? '');
if (!own) {
  abortOnSignal();
  // Node's own code for it is 1.
  process.on('uncaughtException', (error) => process.exit(exitCodeOf(error)));
}
try {
  // Only now: what it imports does not load in an old Node.
  const { buildProgram } = await import('./program.ts');
  const program = buildProgram(io, (code) => {
    process.exitCode = code;
  });
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
