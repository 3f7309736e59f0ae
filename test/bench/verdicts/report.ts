import { bimodalRows } from './bimodal.ts';
import type { Result } from './checks.ts';
import { nearest } from './checks.ts';
import type { Summaries } from './estimate.ts';
import { NotMeasured } from './estimate.ts';
import { fewRows } from './few-pods.ts';
import { lateRows } from './late.ts';
import {
  climbRows,
  detectionRows,
  falseAlarmRows,
  familyLegend,
  latencyRows,
  loadRows,
  marginRows,
} from './matrix.ts';
import { oneOfRows } from './one-of.ts';
import { quietRows } from './quiet.ts';
import { severalRows } from './several.ts';
import { sickRows } from './sick.ts';
import { slowStartRows } from './slow-start.ts';
import { stickyRows } from './sticky.ts';
import type { Row } from './table.ts';
import { checkRows, markdownTable, plainTable, summaryRows } from './table.ts';

/** The result of a benchmark as it is written to a file. */
export interface Report {
  /** runs of each row */
  runs: number;
  seconds: number;
  cores: number;
  node: string;
  checks: Result[];
  series: Summaries;
  /** seconds on one core, by group */
  spent: Record<string, number>;
}

/** Speed and size are no promises about releases. */
const COST = /^(cost|bytes)\//;
const isPromise = ({ series }: Result): boolean => !COST.test(series);

const MATRICES: Readonly<Record<string, (summaries: Summaries) => Row[]>> = {
  'false-alarms': falseAlarmRows,
  detection: detectionRows,
  loads: loadRows,
  climbs: climbRows,
  margins: marginRows,
  latency: latencyRows,
  late: lateRows,
  'one-of': oneOfRows,
  sick: sickRows,
  few: fewRows,
  'slow-start': slowStartRows,
  sticky: stickyRows,
  quiet: quietRows,
  several: severalRows,
  bimodal: bimodalRows,
};

/** The report for a terminal. A table is left out if a part of it was not simulated. */
export function plainReport({ checks, series, runs, seconds, spent }: Report): string {
  const parts = [`${runs} runs of each row, ${seconds} s; ${dearest(spent)}`, plainTable(checkRows(checks))];
  for (const rows of Object.values(MATRICES)) {
    const made = ifMeasured(() => plainTable(plain(rows(series))));
    if (made !== undefined) parts.push(made);
  }
  return parts.join('\n\n');
}

const DEAREST = 8;

/** The groups that took most of the time, of all seconds on one core. */
function dearest(spent: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(spent).sort(([, a], [, b]) => b - a);
  const all = sorted.reduce((sum, [, seconds]) => sum + seconds, 0);
  const most = sorted.slice(0, DEAREST).map(([group, seconds]) => `${group} ${seconds.toFixed(0)}`);
  return `${all.toFixed(0)} s on one core: ${most.join(', ')}${sorted.length > DEAREST ? ', …' : ''}`;
}

function plain(rows: readonly Row[]): Row[] {
  return rows.map((row) => row.map((cell) => cell.replaceAll('**', '')));
}

function ifMeasured(make: () => string): string | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof NotMeasured) return undefined;
    throw error;
  }
}

/** Regions of the documents, by name. */
export function regions({ checks, series, runs, seconds, cores, node }: Report): Record<string, string> {
  return {
    run: `${runs} runs of each row (for secondary rows a half or a quarter of that), ${Math.round(seconds / 60)} minutes on ${cores} cores, Node ${node}.`,
    summary: markdownTable(summaryRows(nearest(checks.filter(isPromise)))),
    checks: markdownTable(checkRows(checks)),
    families: familyLegend(),
    ...Object.fromEntries(
      Object.entries(MATRICES).map(([name, rows]) => [name, markdownTable(rows(series))]),
    ),
  };
}
