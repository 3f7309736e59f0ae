import type { Counts, History, MetricState } from '../../api/analysis.ts';
import type { ErrorRateMetric, Margin } from '../../api/template.ts';
import type { Tick } from '../stats/bet.ts';
import { informs } from '../stats/bet.ts';
import type { Residuals } from '../stats/dispersion.ts';
import { addResidual, NO_RESIDUALS } from '../stats/dispersion.ts';
import type { Pool } from '../stats/interval.ts';
import { addToPool } from '../stats/interval.ts';
import type { HarmWealth, SafeWealth } from '../stats/process.ts';
import { logAdd } from '../stats/logspace.ts';
import { HARM_BETS, harmTick, logHarm, logSafe, SAFE_BETS, safeTick } from '../stats/process.ts';
import type { Calibration } from './calibration.ts';
import {
  calibrate,
  isCalibration,
  levelAfter,
  levelCount,
  levels,
  trafficPerPod,
  UNCALIBRATED,
} from './calibration.ts';
import type { PodCounts, RankData } from './rank-state.ts';
import { addRanks, isRankData, logRankOf, logRankProvisional, startRanks } from './rank-state.ts';

/** Sufficient statistics of one error-rate metric; plain JSON, the `data` of its MetricState. */
export interface ErrorRateData {
  calibration: Calibration;
  residuals: Residuals;
  /** requests per canary pod over requests per stable pod, as last seen */
  rho: number;
  /** windows in which both arms had requests: in the release, in the step */
  windows: number;
  stepWindows: number;
  /** time measured in the step */
  stepSeconds: number;
  /** one per level of φ; kept through all steps */
  harm: readonly HarmWealth[];
  /** one per level of φ; begun anew in each step */
  safe: readonly SafeWealth[];
  /** the same against the margin the next weight allows */
  scaled: readonly SafeWealth[];
  /** counts of the whole release and of the present step */
  total: Tick;
  step: Tick;
  /** evidence from the rank of the canary pods; absent where pods cannot be told apart */
  rank?: RankData;
  /** the rank twin does not contradict a rollback */
  concurs: boolean;
  /** for the displayed interval of the ratio */
  pool: Pool;
  /** windows in a row in which the canary answered mostly errors while stable was fine */
  broken: number;
}

const NOTHING: Tick = { n1: 0, x1: 0, n0: 0, x0: 0 };

const EMPTY: ErrorRateData = {
  calibration: UNCALIBRATED,
  residuals: NO_RESIDUALS,
  rho: 1,
  windows: 0,
  stepWindows: 0,
  stepSeconds: 0,
  harm: [],
  safe: [],
  scaled: [],
  total: NOTHING,
  step: NOTHING,
  concurs: true,
  pool: [],
  broken: 0,
};

/** The stored statistics; anything that is not whole is begun anew, which is slower and never bolder. */
export function readErrorRate(state: MetricState | undefined): ErrorRateData {
  return state?.type === 'errorRate' && isWhole(state.data)
    ? (state.data as unknown as ErrorRateData)
    : EMPTY;
}

function isWhole(data: Partial<Record<keyof ErrorRateData, unknown>>): boolean {
  if (!isCalibration(data.calibration)) return false;
  const counts = [0, levelCount(data.calibration)];
  const numbers = [data.rho, data.windows, data.stepWindows, data.stepSeconds, data.broken];
  return (
    numbers.every((value) => isNumber(value) && value >= 0) &&
    typeof data.concurs === 'boolean' &&
    (data.rank === undefined || isRankData(data.rank)) &&
    isRecordOf(data.residuals, NO_RESIDUALS) &&
    isRecordOf(data.total, NOTHING) &&
    isRecordOf(data.step, NOTHING) &&
    isRows(data.harm, HARM_BETS.g.length + 1, counts) &&
    isRows(data.safe, SAFE_BETS.g.length, counts) &&
    isRows(data.scaled, SAFE_BETS.g.length, counts) &&
    isRows(data.pool, 4)
  );
}

export function writeErrorRate(data: ErrorRateData): MetricState {
  return { version: 1, type: 'errorRate', data: { ...data } };
}

/** Harm evidence is kept, what belongs to the step is begun anew. */
export function nextStep(data: ErrorRateData): ErrorRateData {
  return { ...data, safe: [], scaled: [], step: NOTHING, stepWindows: 0, stepSeconds: 0 };
}

/** What history says of dispersion and ranks, frozen once the first window is counted. */
export function calibrated(
  data: ErrorRateData,
  history: History,
  basis: { seconds: number; rho: number; seed: string },
): ErrorRateData {
  if (data.windows > 0) return data;
  const calibration = calibrate(history, basis.seconds);
  const rank = startRanks(history, { ...basis, calibration });
  return { ...data, calibration, ...(rank === undefined ? {} : { rank }) };
}

export interface WindowSetting {
  metric: ErrorRateMetric;
  /** length of the window */
  seconds: number;
  /** margin for the move to the next weight; absent: only the strict margin counts */
  scaledMargin?: Margin;
  /** the same counts pod by pod, if the pods can be told apart */
  pods?: PodCounts;
}

/** The statistics after one more window. */
export function addWindow(data: ErrorRateData, tick: Tick, setting: WindowSetting): ErrorRateData {
  const { metric, seconds, scaledMargin } = setting;
  const rho = (setting.pods && trafficPerPod(setting.pods)) ?? data.rho;
  const counted = {
    ...data,
    rho,
    stepSeconds: data.stepSeconds + seconds,
    total: plus(data.total, tick),
    step: plus(data.step, tick),
    broken: brokenAfter(data.broken, tick),
  };
  if (!informs(tick)) return counted;
  const phis = levels(data.calibration, rho);
  const safe = (wealth: readonly SafeWealth[], margin: Margin): SafeWealth[] =>
    phis.map((phi, i) => rounded(safeTick(wealth[i] ?? [], tick, { margin, phi })));
  return {
    ...counted,
    windows: data.windows + 1,
    stepWindows: data.stepWindows + 1,
    residuals: addResidual(data.residuals, tick),
    harm: phis.map((phi, i) =>
      rounded(harmTick(data.harm[i] ?? [], tick, { margin: metric.harmMargin, phi }, seconds)),
    ),
    safe: safe(data.safe, metric.safeMargin),
    scaled: scaledMargin === undefined ? [] : safe(data.scaled, scaledMargin),
    ...ranked(data.rank, { ...setting, rho }),
    pool: addToPool(data.pool, tick),
  };
}

/** ln of the evidence that the rank twin must have reached for a rollback. */
const CONCURRENCE = Math.log(2);

/** Without pods in this window the rank twin waits, and does not stand in the way of a rollback. */
function ranked(
  before: RankData | undefined,
  { pods, metric, seconds, rho }: WindowSetting & { rho: number },
): { rank?: RankData; concurs: boolean } {
  if (before === undefined) return { concurs: true };
  if (pods === undefined) return { rank: before, concurs: true };
  const rank = addRanks(before, { pods, seconds, rho, margin: metric.harmMargin });
  const provisional = logRankProvisional(rank, { rho, margin: metric.harmMargin });
  return { rank, concurs: Math.max(logRankOf(rank), provisional) >= CONCURRENCE };
}

/** What the statistics say at the dispersion that holds now. */
export interface Evidence {
  /** dispersion at which harm is read */
  phi: number;
  /** counts and ranks together */
  logHarm: number;
  /** ranks alone; absent where pods cannot be told apart */
  logRank?: number;
  /** against the strict margin, and against that of the next weight (-Infinity if that does not count) */
  logSafe: number;
  logScaled: number;
  /** dispersion and wealth behind the safe evidence */
  safePhi: number;
  safe: SafeWealth;
  scaled: SafeWealth;
}

/** A step has to last this long before the margin of the next weight counts. */
const SCALED_AFTER_SECONDS = 5 * 60;

export function evidenceOf(data: ErrorRateData): Evidence {
  const { calibration, residuals } = data;
  const phis = levels(calibration, data.rho);
  const harmLevel = levelAfter(calibration, data.windows, residuals);
  const safeLevel = levelAfter(calibration, data.stepWindows, residuals);
  const safe = data.safe[safeLevel] ?? [];
  const scaled = data.scaled[safeLevel] ?? [];
  const counts = scaled.length > 0 && data.stepSeconds >= SCALED_AFTER_SECONDS;
  return {
    phi: phis[harmLevel] ?? 1,
    ...combined(logHarm(data.harm[harmLevel] ?? []), data.rank),
    logSafe: logSafe(safe),
    logScaled: counts ? logSafe(scaled) : -Infinity,
    safePhi: phis[safeLevel] ?? 1,
    safe,
    scaled,
  };
}

/** The mean of two e-processes is one. */
function combined(logCounts: number, rank: RankData | undefined): { logHarm: number; logRank?: number } {
  if (rank === undefined) return { logHarm: logCounts };
  const logRank = logRankOf(rank);
  return { logRank, logHarm: logAdd(Math.log1p(-rank.weight) + logCounts, Math.log(rank.weight) + logRank) };
}

const ENOUGH = 20;
const MOSTLY_ERRORS = 0.5;
const STABLE_FINE = 0.25;

/** Windows with few requests neither trip the breaker nor reset it. */
function brokenAfter(before: number, { n1, x1, n0, x0 }: Tick): number {
  if (n1 < ENOUGH || n0 < ENOUGH) return before;
  return x1 / n1 > MOSTLY_ERRORS && x0 / n0 < STABLE_FINE ? before + 1 : 0;
}

/** The counts of both arms, if they are possible ones. */
export function tickOf(canary: Counts, stable: Counts): Tick | undefined {
  return possible(canary) && possible(stable)
    ? { n1: canary.total, x1: canary.bad, n0: stable.total, x0: stable.bad }
    : undefined;
}

function possible({ total, bad }: Counts): boolean {
  return Number.isFinite(total) && Number.isFinite(bad) && bad >= 0 && bad <= total;
}

function plus(a: Tick, b: Tick): Tick {
  return { n1: a.n1 + b.n1, x1: a.x1 + b.x1, n0: a.n0 + b.n0, x0: a.x0 + b.x0 };
}

/** Six decimals of a logarithm are plenty and keep the status small. */
function rounded(logs: readonly number[]): number[] {
  return logs.map((value) => Math.round(value * 1e6) / 1e6);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isRecordOf(value: unknown, model: object): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(model).every((key) => isNumber((value as Record<string, unknown>)[key]));
}

/** Lists of `length` numbers; if given, one of `counts` of them. */
function isRows(value: unknown, length: number, counts?: readonly number[]): boolean {
  if (!Array.isArray(value) || (counts !== undefined && !counts.includes(value.length))) return false;
  return value.every((row) => Array.isArray(row) && row.length === length && row.every(isNumber));
}
