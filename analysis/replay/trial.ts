import type { History, LatencyHistory, Measurement, Window } from '../../api/analysis.ts';
import { wantsHistory } from '../judge/core/judge.ts';
import { climb, moveTo, startLadder, type Plan } from './ladder.ts';
import { planted, type Plant } from './plant.ts';
import { binomial, childSeed, shuffled } from './random.ts';
import { seeded, type Random } from '../../lib/random.ts';
import type { Cell, RecordedMetric, RecordedThreshold, Recording } from './recording.ts';
import { podsServing, sizeOf, sumOf } from './recording.ts';

/** One release played over recorded windows: the numbers of both arms are stable's, plus what is planted. */
export interface Trial {
  recording: Recording;
  plan: Plan;
  /** first measured window */
  start: number;
  /** at most this many windows */
  horizon: number;
  plant: Plant;
  seed: number;
  /** how much history is asked for before the first window, by the number of pods that can be told apart (0: none can) */
  historyMs: (pods: number) => number;
}

export interface Outcome {
  end: 'promoted' | 'rolledBack' | 'undecided';
  /** from the first window to the end */
  minutes: number;
  /** number of pods that were told apart */
  pods: number;
  /** numbers of the last verdict */
  numbers: Record<string, number>;
}

export function play(trial: Trial): Outcome {
  const { recording, plan, start, horizon } = trial;
  const cast = castOf(trial);
  const pods = cast.pods.length;
  let ladder = startLadder();
  let numbers: Record<string, number> = {};
  for (let i = start; i < start + horizon; i++) {
    const window = windowAt(recording, i);
    const weight = plan.steps[ladder.index]?.weight ?? 50;
    const history = wantsHistory(ladder.state);
    const measurements = [
      ...recording.metrics.map((metric) => measure(metric, cast, { i, window, weight, history })),
      ...recording.thresholds.map((threshold) => valueAt(threshold, i, window)),
    ];
    const judged = climb(ladder, plan, { window, measurements });
    numbers = { ...numbers, ...judged.verdict.numbers };
    const minutes = (window.endMs - recording.startMs - start * recording.tickMs) / 60_000;
    const { to } = judged.conclusion;
    if (to === 'rollback') return { end: 'rolledBack', minutes, pods, numbers };
    if (to === 'promote') return { end: 'promoted', minutes, pods, numbers };
    if (to === 'human') return { end: 'undecided', minutes, pods, numbers };
    ladder = to === 'next' ? moveTo(judged.ladder, plan, judged.ladder.index + 1) : judged.ladder;
  }
  return { end: 'undecided', minutes: (horizon * recording.tickMs) / 60_000, pods, numbers };
}

function windowAt({ startMs, tickMs }: Recording, i: number): Window {
  return { startMs: startMs + i * tickMs, endMs: startMs + (i + 1) * tickMs };
}

function valueAt({ key, values }: RecordedThreshold, i: number, window: Window): Measurement {
  const base = { metric: key, window };
  const value = values[i];
  if (value === undefined)
    return { ...base, outcome: 'noData', sentence: 'nothing was recorded in this window' };
  if (Number.isNaN(value)) return { ...base, outcome: 'nan', sentence: 'NaN was recorded in this window' };
  return { ...base, outcome: 'ok', kind: 'numbers', canary: value, stable: value };
}

/** Who plays what in a trial. */
interface Cast {
  /** in the order in which they become canaries; [] where pods cannot be told apart */
  pods: string[];
  historyFrom: number;
  start: number;
  /** stable's error rate around the trial, by metric */
  errorRates: ReadonlyMap<string, number>;
  plant: Plant;
  split: Random;
  sow: Random;
}

function castOf({ recording, start, horizon, plant, seed, historyMs }: Trial): Cast {
  const serving = podsServing(recording, start, start + horizon);
  // a single pod has no other to be compared with
  const pods = serving.length < 2 ? [] : shuffled(serving, seeded(childSeed(seed, 0)));
  const historyFrom = Math.max(0, start - Math.floor(historyMs(pods.length) / recording.tickMs));
  const around = recording.metrics.map(({ key, whole }): [string, number] => {
    const [good = 0, bad = 0] = sumOf(whole.slice(historyFrom, start + horizon));
    return [key, bad / Math.max(1, good + bad)];
  });
  return {
    pods,
    historyFrom,
    start,
    errorRates: new Map(around),
    plant,
    split: seeded(childSeed(seed, 1)),
    sow: seeded(childSeed(seed, 2)),
  };
}

interface Moment {
  i: number;
  window: Window;
  /** percent of the step */
  weight: number;
  history: boolean;
}

function measure(metric: RecordedMetric, cast: Cast, moment: Moment): Measurement {
  const { i, window, weight } = moment;
  const pods = cast.pods.length > 0 ? metric.pods : undefined;
  const byPod = pods !== undefined;
  const { canary, stable } = byPod
    ? podArms(pods, cast, { i, weight })
    : splitArms(metric.whole[i] ?? [], weight, cast.split);
  const soil = { metric, errorRate: cast.errorRates.get(metric.key) ?? 0, random: cast.sow };
  const sown = new Map([...canary].map(([pod, cell]) => [pod, planted(cell, cast.plant, soil)] as const));
  const canaries = new Set(byPod ? canary.keys() : []);
  const past = moment.history ? pastOf(metric, cast, canaries) : undefined;
  return measurementOf(metric, window, { canary: sown, stable, byPod, past });
}

type Arm = ReadonlyMap<string, Cell>;

/** The first pods are the canary, as many as the weight needs; the requests of one arm are thinned to fit the weight exactly. */
function podArms(
  pods: ReadonlyMap<string, Cell[]>,
  cast: Cast,
  { i, weight }: { i: number; weight: number },
): { canary: Arm; stable: Arm } {
  const all = cast.pods.length;
  const share = weight / 100;
  const count = Math.min(all - 1, Math.max(1, Math.ceil(share * all - 1e-9)));
  // above 1 only where even all pods except one are too few for the weight
  const keep = ((share / (1 - share)) * (all - count)) / count;
  const arm = (names: readonly string[], kept: number): Arm =>
    new Map(names.map((pod) => [pod, thinned(pods.get(pod)?.[i] ?? [], kept, cast.split)] as const));
  return {
    canary: arm(cast.pods.slice(0, count), keep),
    stable: arm(cast.pods.slice(count), 1 / keep),
  };
}

function thinned(cell: Cell, keep: number, random: Random): Cell {
  return keep >= 1 ? cell : cell.map((count) => binomial(count, keep, random));
}

/** Without pods, every request goes to the canary with the probability given by the weight. */
function splitArms(cell: Cell, weight: number, random: Random): { canary: Arm; stable: Arm } {
  const canary = thinned(cell, weight / 100, random);
  const stable = cell.map((count, k) => Math.max(0, count - (canary[k] ?? 0)));
  return { canary: new Map([['', canary]]), stable: new Map([['', stable]]) };
}

interface Past {
  stable: Cell[];
  pods?: Record<string, Cell[]>;
}

/** What the pods that are stable in this trial did before it; a new version's pods have no past. */
function pastOf(metric: RecordedMetric, cast: Cast, canaries: ReadonlySet<string>): Past {
  const { pods } = metric;
  const { historyFrom: from, start } = cast;
  if (pods === undefined || cast.pods.length === 0) return { stable: metric.whole.slice(from, start) };
  const own = [...pods]
    .filter(([pod]) => !canaries.has(pod))
    .map(([pod, cells]) => [pod, cells.slice(from, start)] as const)
    .filter(([, cells]) => cells.some((cell) => sizeOf(cell) > 0));
  const stable = Array.from({ length: start - from }, (_, i) =>
    sumOf(own.map(([, cells]) => cells[i] ?? [])),
  );
  return { stable, pods: Object.fromEntries(own) };
}

interface Played {
  canary: Arm;
  stable: Arm;
  byPod: boolean;
  past: Past | undefined;
}

function measurementOf(metric: RecordedMetric, window: Window, played: Played): Measurement {
  const base = { metric: metric.key, window, outcome: 'ok' as const };
  if (metric.kind === 'counts') {
    const counts = ([good = 0, bad = 0]: Cell) => ({ total: good + bad, bad });
    const history = played.past && (pastAs(played.past, counts) satisfies History);
    return {
      ...base,
      kind: 'counts',
      ...armsAs(played, counts),
      ...(history === undefined ? {} : { history }),
    };
  }
  const { bounds, layout } = metric;
  const full = (cell: Cell): number[] =>
    cell.length === 0 ? new Array<number>(bounds.length + 1).fill(0) : [...cell];
  const histogram = (cell: Cell) => ({ bounds, layout, counts: full(cell) });
  const past = played.past && pastAs(played.past, (cell) => [...cell]);
  const history: LatencyHistory | undefined = past && { layout, bounds, ...past };
  return {
    ...base,
    kind: 'histograms',
    ...armsAs(played, histogram),
    ...(history === undefined ? {} : { history }),
  };
}

function armsAs<T>({ canary, stable, byPod }: Played, as: (cell: Cell) => T) {
  const each = (arm: Arm) => Object.fromEntries([...arm].map(([pod, cell]) => [pod, as(cell)] as const));
  const whole = (arm: Arm) => as(sumOf([...arm.values()]));
  const arms = { canary: whole(canary), stable: whole(stable) };
  return byPod ? { ...arms, pods: { canary: each(canary), stable: each(stable) } } : arms;
}

function pastAs<T>({ stable, pods }: Past, as: (cell: Cell) => T) {
  const each = pods && Object.entries(pods).map(([pod, cells]) => [pod, cells.map(as)] as const);
  return { stable: stable.map(as), ...(each === undefined ? {} : { pods: Object.fromEntries(each) }) };
}
