#!/usr/bin/env node
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { escapeText } from '../lib/text.ts';
import { KubeError } from '../kube/errors.ts';
import { systemClock } from '../kube/clock.ts';
import { sentenceOf } from './failures.ts';
import { EXIT, UsageError, type Io } from './io.ts';
import { complainAboutNode } from './node-version.ts';
import { printing } from './printing.ts';

const colours = process.stdout.isTTY && process.stdout.hasColors();
const stop = new AbortController();
const { paint, line } = printing(colours, String(randomInt(1e11, 1e12)));
const io: Io = {
  out: (text) => console.log(line(text)),
  err: (text) => console.error(line(text)),
  text: (lines) => console.log(lines.split('\n').map(escapeText).join('\n')),
  flushed: async () => {
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  },
  paint,
  // No terminal breaks the lines of a log, so they have to be short enough to read.
  columns: () => Math.min(Math.max(process.stdout.columns || 100, 40), 120),
  clock: systemClock,
  stop: stop.signal,
};

/** For all commands except `controller` and `demo`, which handle signals themselves. */
function abortOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  if (error instanceof UsageError) io.err(`sluice: ${error.message}`);
  else if (error instanceof KubeError) io.err(`sluice: ${sentenceOf(error)}`);
  else {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const each of `sluice: unexpected error: ${told}`.split('\n')) io.err(each);
  }
  // Not 1: a pipeline would take that for a rollback.
  return EXIT.usage;
}

const complaint = complainAboutNode(process.versions.node);
if (complaint !== undefined) {
  io.err(`sluice: ${complaint}`);
  process.exit(EXIT.usage);
}
// `sluice status | head`: the reader of our output has stopped reading. The code that a shell reports for SIGPIPE; 0
// would mean promoted.
const BROKEN_PIPE = 141;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? BROKEN_PIPE : EXIT.usage);
});
const own = ['controller', 'demo'].includes(process.argv[2] ?? '');
if (!own) {
  abortOnSignal();
  // Node's own exit code would be 1.
  process.on('uncaughtException', (error) => process.exit(exitCodeOf(error)));
}
// Not in the temporary folder, where other users could plant code. If the folder cannot be written, there is no cache.
module.enableCompileCache(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sluice'));
try {
  // Imported only now: an old Node cannot load it, and now it comes from the cache.
  const { buildProgram } = await import('./program.ts');
  const program = await buildProgram(io, process.argv.slice(2), (code) => {
    process.exitCode = code;
  });
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
