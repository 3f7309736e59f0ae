import { medianOf } from '../../analysis/replay/summary.ts';
import type { BacktestResult } from './result.ts';
import type { Scenario } from './scenarios.ts';

/** What an SRE should make of the numbers, in plain sentences. */
export function adviceFor(result: BacktestResult): string[] {
  const healthy = result.scenarios.find(({ plant }) => plant.kind === 'none');
  if (healthy === undefined) return [];
  return [
    falseAlarms(healthy, result),
    promotion(healthy, result),
    ...result.scenarios.filter(({ plant }) => plant.kind !== 'none').map(detection),
    ...missed(result),
    ...calibration(result),
    ...shortRange(result),
  ];
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(share < 0.1 ? 2 : 3))}%`;
}

export function minutes(value: number): string {
  return value < 10 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}

function falseAlarms({ summary }: Scenario, { risk }: BacktestResult): string {
  const { count, share, low, high } = summary.rolledBack;
  const what = `Of ${summary.runs} healthy releases ${count} ${count === 1 ? 'was' : 'were'} rolled back`;
  const bounds = `${percent(share)}, between ${percent(low)} and ${percent(high)} with 95% confidence`;
  if (high <= risk.harm) return `${what} (${bounds}): within the promised ${percent(risk.harm)}.`;
  if (low <= risk.harm) {
    return `${what} (${bounds}): compatible with the promised ${percent(risk.harm)}; more --runs over a longer range narrow it.`;
  }
  return `${what} (${bounds}): more than the promised ${percent(risk.harm)}. Pods of this service differ or err in long bursts; run two or more canary pods, widen margin.harm, or lower risk.harm.`;
}

function promotion({ summary }: Scenario, { steps }: BacktestResult): string {
  const { promoted, toPromote, undecided } = summary;
  const ladder = steps.map((weight) => `${weight}%`).join(', ');
  if (toPromote === undefined) {
    return `No healthy release was promoted within the hour through the steps ${ladder}: too little traffic for the margins. Widen margin.safe, begin with a larger weight, or use fewer steps.`;
  }
  const late = undecided.count === 0 ? '' : `; ${percent(undecided.share)} are undecided after an hour`;
  return `A healthy release takes ${minutes(toPromote.median)} minutes through the steps ${ladder} (median), and ${percent(promoted.share)} are promoted within the hour${late}.`;
}

function detection({ name, summary }: Scenario): string {
  const { rolledBack, promoted, toRollback } = summary;
  const wrongly = promoted.count === 0 ? '' : `; ${percent(promoted.share)} are promoted`;
  if (toRollback === undefined) return `${capital(name)}: never found within the hour${wrongly}.`;
  const mean = minutes(toRollback.mean);
  return `${capital(name)}: found in ${mean} minutes on average, in ${percent(rolledBack.share)} of the releases${wrongly}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const GOOD_POWER = 0.9;

function missed({ scenarios }: BacktestResult): string[] {
  const weak = scenarios.filter(
    ({ plant, summary }) => plant.kind !== 'none' && summary.rolledBack.share < GOOD_POWER,
  );
  const passed = weak.filter(({ summary }) => summary.promoted.count > summary.undecided.count);
  if (weak.length === 0) return [];
  const names = weak.map(({ name }) => name).join(', ');
  if (passed.length === 0) {
    return [
      `Not reliably found: ${names}. Such releases mostly stay undecided; a larger first weight brings more canary requests and decides sooner.`,
    ];
  }
  return [
    `Not reliably found: ${names}. Where that matters, use smaller margins (margin.safe) or let steps last longer (--min-duration); where it does not, nothing has to be done.`,
  ];
}

function calibration({ scenarios, pods }: BacktestResult): string[] {
  const outcomes = scenarios[0]?.outcomes ?? [];
  const strengths = outcomes.flatMap(({ numbers }) => numbers['calibration'] ?? []);
  if (pods === 0) {
    return [
      'The series do not say which pod of the target they are of, so every request was assigned to an arm at random: bursts hit both arms alike, the false-alarm rate above is optimistic, and so are power and times. Series with the target’s own pod label calibrate better and are replayed pod by pod.',
    ];
  }
  if (medianOf(strengths) >= 2) return [];
  return [`Calibration is weak (${pods} pods to learn from); more pods or a longer history make it strong.`];
}

const FEW = 20;

function shortRange({ independent, scenarios }: BacktestResult): string[] {
  const runs = scenarios[0]?.summary.runs ?? 0;
  if (independent >= FEW || runs <= independent) return [];
  return [
    `The range holds only ${independent} ${independent === 1 ? 'hour' : 'different hours'}, so ${runs} runs repeat them; an earlier --from tells more than more --runs.`,
  ];
}
