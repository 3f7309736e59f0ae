import { command as defined } from '../command.ts';
import { offline, output } from '../flags.ts';
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { analyse, InputError } from '../analyze/analysis.ts';
import { planFor, readRules, type PlanFlags } from '../analyze/plan.ts';
import { exitCodeOf, jsonReporter, textReporter } from '../analyze/report.ts';
import type { TemplateFlags } from '../analyze/template.ts';
import { EXIT, UsageError, type Io } from '../io.ts';

export interface AnalyzeFlags extends TemplateFlags, PlanFlags {
  /** a file; "-" or absent: standard input */
  input?: string;
  output?: 'json' | 'text';
}

/** Where samples come from if no flag says so, and who reads the answer. */
export interface Surroundings {
  stdin: Readable;
  terminal: boolean;
}

/** `sluice analyze`: judges samples of a file or of standard input, without a cluster. Resolves to the exit code. */
export async function analyze(
  io: Io,
  flags: AnalyzeFlags,
  { stdin, terminal }: Surroundings,
): Promise<number> {
  const rules = readRules(flags);
  const plan = planFor(rules, rules.template);
  for (const note of rules.notes) io.err(`note: ${note}`);
  const weights = plan.steps.map(({ weight }) => weight);
  const report =
    (flags.output ?? (terminal ? 'text' : 'json')) === 'json'
      ? jsonReporter(io, weights)
      : textReporter(io, weights);
  const { input = '-' } = flags;
  const stream = input === '-' ? stdin : createReadStream(input);
  try {
    const decision = await analyse(textOf(stream, io), plan, {
      look: report.look,
      note: (sentence) => io.err(`note: ${sentence}`),
    });
    report.decision(decision);
    return exitCodeOf(decision);
  } catch (error) {
    if (io.stop.aborted) return EXIT.interrupted;
    if (error instanceof InputError) report.invalid(error);
    throw asUsage(error, input);
  } finally {
    stream.destroy();
  }
}

/** Reads the input only as fast as the output is taken. */
async function* textOf(stream: Readable, io: Io): AsyncGenerator<string> {
  stream.setEncoding('utf8');
  for await (const piece of addAbortSignal(io.stop, stream) as AsyncIterable<string>) {
    yield piece;
    await io.flushed();
  }
}

/** Turns a failure to read the input into a UsageError; other errors stay as they are. */
function asUsage(error: unknown, input: string): unknown {
  const code =
    error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) return error;
  return new UsageError(
    `--input: "${input}" cannot be read (${code}); give the path of a file, or - for standard input`,
    {
      cause: error,
    },
  );
}

const EXIT_CODES = `
Exit codes:
  0 promote
  1 roll back
  2 wrong usage, or a line that cannot be used
  4 inconclusive: more samples or a human have to decide
`;

export const command = defined({
  help: 'judge samples of a file or of standard input as the controller would, without a cluster',
  takes: (made) =>
    output(
      offline(made)
        .option('--input <file>', 'one JSON sample per line (default: standard input)')
        .option('--steps <weights>', 'percent of each step, like 5,25,50 (default: one step)'),
      ['json', 'text'],
      'default: text on a terminal, else json',
    ).addHelpText('after', EXIT_CODES),
  run: (io, flags: AnalyzeFlags) =>
    analyze(io, flags, { stdin: process.stdin, terminal: process.stdout.isTTY }),
});
