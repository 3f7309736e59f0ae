/**
 * `npm run bench:verdicts [-- --quick] [--runs N] [--only REGEX] [--json FILE] [--from FILE]`: how often the judge is wrong and how
 * soon it is right, by seeded simulation on all cores, beside the methods of other controllers on the same streams. Exit code 1
 * if a full run misses a bar by more than its error.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Result } from './verdicts/checks.ts';
import { resultOf } from './verdicts/checks.ts';
import { ERROR_CHECKS } from './verdicts/error-checks.ts';
import type { Summaries } from './verdicts/estimate.ts';
import { detectionRows, falseAlarmRows, loadRows } from './verdicts/matrix.ts';
import type { Progress } from './verdicts/run.ts';
import { simulate } from './verdicts/run.ts';
import { checkRows, plainTable } from './verdicts/table.ts';

const FULL = 2000;
const QUICK = 20;

interface Report {
  runs: number;
  seconds: number;
  node: string;
  checks: Result[];
  series: Summaries;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
    from: { type: 'string' },
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

async function measure(): Promise<Report> {
  if (values.from !== undefined) return JSON.parse(readFileSync(values.from, 'utf8')) as Report;
  const runs = size();
  const start = performance.now();
  const only = values.only === undefined ? {} : { only: new RegExp(values.only) };
  const series = await simulate({ runs, ...only }, progress);
  if (terminal) process.stderr.write('\n');
  const checks = ERROR_CHECKS.filter((check) => values.only === undefined || check.series in series);
  return {
    runs,
    seconds: Math.round((performance.now() - start) / 1000),
    node: process.version,
    checks: checks.map((check) => resultOf(check, series)),
    series,
  };
}

function tables({ checks, series, runs, seconds }: Report): string {
  const all = values.only === undefined;
  const parts = [`${runs} runs of each row, ${seconds} s`, plainTable(checkRows(checks))];
  if (all) parts.push(...[falseAlarmRows, detectionRows, loadRows].map((rows) => plainTable(rows(series))));
  return parts.join('\n\n').replaceAll('**', '');
}

const report = await measure();
process.stdout.write(`${tables(report)}\n`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
const over = report.checks.filter(({ outcome }) => outcome === 'over');
if (over.length > 0)
  process.stderr.write(`${over.length} bars missed: ${over.map(({ name }) => name).join('; ')}\n`);
if (over.length > 0 && !values.quick) process.exitCode = 1;
