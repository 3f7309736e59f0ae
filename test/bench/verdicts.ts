/**
 * `npm run bench:verdicts [-- --quick] [--runs N] [--only REGEX] [--from FILE] [--json FILE] [--write-docs]`:
 * how often the judge is wrong and how soon it is right, measured by seeded simulation on all cores, and
 * compared with the methods of other controllers on the same streams. Exit code 1 if a full run misses a bar
 * by more than its error.
 *
 * `--only` simulates only the groups whose name matches ("cost" measures what judging costs). `--from` takes
 * the rest, or without `--only` everything, from the report of an earlier run. With fewer runs than a full one, a bar
 * is called missed only where chance would explain it in less than one of twenty runs of the whole benchmark.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { CHECKS } from './verdicts/all-checks.ts';
import { resultOf, riskOf } from './verdicts/checks.ts';
import { writeDocuments } from './verdicts/documents.ts';
import type { Report } from './verdicts/report.ts';
import { plainReport } from './verdicts/report.ts';
import type { Progress, Simulated } from './verdicts/run.ts';
import { simulate } from './verdicts/run.ts';

const FULL = 600;
const QUICK = 32;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
    /** the report of an earlier run instead of a simulation; with --only, those groups are simulated again */
    from: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
});

function size(): number {
  if (values.runs === undefined) return values.quick ? QUICK : FULL;
  const runs = Number(values.runs);
  if (Number.isInteger(runs) && runs > 0) return runs;
  throw new Error(`bench: --runs ${values.runs} is no number of runs; give a whole number above 0`);
}

const terminal = process.stderr.isTTY;
let reported = -Infinity;
function progress({ done, total, seconds }: Progress): void {
  if (seconds - reported < (terminal ? 1 : 30) && done < total) return;
  reported = seconds;
  const left = (seconds / done) * (total - done);
  const line = `${((100 * done) / total).toFixed(1)}% after ${seconds.toFixed(0)} s, ${left.toFixed(0)} s left`;
  process.stderr.write(terminal ? `\r${line}   ` : `${line}\n`);
}

function earlier(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8')) as Report;
}

/** A simulation, or the report of an earlier one, with the groups named by `--only` simulated again. */
async function measure(): Promise<Report> {
  const { only, from } = values;
  const before = from === undefined ? undefined : earlier(from);
  const runs = values.runs === undefined ? (before?.runs ?? size()) : size();
  const start = performance.now();
  const pattern = only === undefined ? {} : { only: new RegExp(only) };
  const again = before === undefined || only !== undefined;
  const now = again ? await simulate({ runs, ...pattern }, progress) : NOTHING;
  if (terminal) process.stderr.write('\n');
  const { series, spent } = joined(before ?? NOTHING, now);
  const checks = CHECKS.filter((check) => only === undefined || check.series in series);
  const risk = riskOf({ few: runs < FULL, bars: checks.length });
  return {
    runs: before?.runs ?? runs,
    seconds: (before?.seconds ?? 0) + Math.round((performance.now() - start) / 1000),
    cores: availableParallelism(),
    node: process.version,
    checks: checks.map((check) => resultOf(check, series, risk)),
    series,
    spent,
  };
}

const NOTHING: Simulated = { series: {}, spent: {} };

function joined(before: Simulated, now: Simulated): Simulated {
  return { series: { ...before.series, ...now.series }, spent: { ...before.spent, ...now.spent } };
}

const report = await measure();
process.stdout.write(`${plainReport(report)}\n`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
if (values['write-docs']) writeDocuments(report);
const over = report.checks.filter(({ outcome }) => outcome === 'over');
if (over.length > 0)
  process.stderr.write(
    `${over.length} bars missed: ${over.map(({ section, name }) => `${section}, ${name}`).join('; ')}\n`,
  );
if (over.length > 0 && !values.quick) process.exitCode = 1;
