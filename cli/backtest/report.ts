import { curveOf, medianOf } from '../../analysis/replay/summary.ts';
import type { Share, Times } from '../../analysis/replay/summary.ts';
import { formatTable } from '../format/table.ts';
import type { Paint } from '../io.ts';
import { adviceFor, minutes, percent } from './advice.ts';
import { isoMinute } from './record.ts';
import type { BacktestResult } from './result.ts';
import type { Scenario } from './scenarios.ts';

const HEADER = [
  'PLANTED',
  'ROLLED BACK',
  'MINUTES',
  'PROMOTED',
  'MINUTES',
  'UNDECIDED',
  'ROLLED BACK BY MINUTE 0…60',
];

/** A table for people, with advice. */
export function textReport(result: BacktestResult, paint: Paint): string[] {
  const rows = result.scenarios.map(({ name, plant, outcomes, summary }) => [
    name,
    paint(plant.kind === 'none' ? 'bold' : 'cyan', interval(summary.rolledBack)),
    times(summary.toRollback),
    percent(summary.promoted.share),
    times(summary.toPromote),
    percent(summary.undecided.share),
    sparkline(outcomes),
  ]);
  return [
    ...headline(result, paint),
    '',
    ...formatTable(HEADER, rows),
    '',
    ...[...result.notes, ...result.caveats, ...adviceFor(result)].map((sentence) => `- ${sentence}`),
  ];
}

function headline(result: BacktestResult, paint: Paint): string[] {
  const { traffic, steps, scenarios, seed, pods } = result;
  const runs = scenarios[0]?.summary.runs ?? 0;
  const rate = traffic.errorRate === undefined ? '' : `, ${percent(traffic.errorRate)} of them errors`;
  const canary = Math.round((traffic.requestsPerMinute * (steps[0] ?? 0)) / 100);
  const told = pods === 0 ? 'pods cannot be told apart' : `${pods} pods`;
  const numbers = scenarios[0]?.outcomes.map((outcome) => outcome.numbers) ?? [];
  const median = (name: string) => medianOf(numbers.flatMap((each) => each[name] ?? []));
  const phi = median('dispersion');
  const dispersion = Number.isNaN(phi) ? '' : `, dispersion ${Number(phi.toPrecision(3))}`;
  return [
    `${paint('bold', result.target)} with ${result.template}, ${isoMinute(result.fromMs)} to ${isoMinute(result.toMs)}, ${runs} runs each, seed ${seed}`,
    `${Math.round(traffic.requestsPerMinute)} requests a minute${rate}; a canary gets ${canary} of them at ${steps[0] ?? 0}%; ${told}; calibration ${median('calibration')} of 2${dispersion}`,
  ];
}

function interval({ share, low, high }: Share): string {
  return `${percent(share)} [${percent(low)}, ${percent(high)}]`;
}

function times(value: Times | undefined): string {
  return value === undefined ? '-' : `${minutes(value.mean)} (median ${minutes(value.median)})`;
}

const BLOCKS = ' ▁▂▃▄▅▆▇█';
const COLUMNS = 30;

/** One column for two minutes: how many of the runs were rolled back by then. */
function sparkline(outcomes: Scenario['outcomes']): string {
  return curveOf(outcomes, 'rolledBack', { minutes: 60, points: COLUMNS })
    .map((share) => BLOCKS.charAt(share === 0 ? 0 : Math.max(1, Math.round(share * (BLOCKS.length - 1)))))
    .join('');
}

/** The same report for machines. */
export function jsonReport(result: BacktestResult): string {
  const { scenarios, fromMs, toMs, ...rest } = result;
  const of = ({ name, plant, outcomes, summary }: Scenario) => {
    const points = { minutes: 60, points: 60 };
    const byMinute = {
      rolledBack: curveOf(outcomes, 'rolledBack', points),
      promoted: curveOf(outcomes, 'promoted', points),
    };
    return { name, plant, ...summary, byMinute };
  };
  const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  return JSON.stringify(
    { ...rest, ...range, scenarios: scenarios.map(of), advice: adviceFor(result) },
    null,
    2,
  );
}
