import type { History } from '../../../api/analysis.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import type { Tick } from '../../stats/bet.ts';
import { informs } from '../../stats/bet.ts';
import type { Residuals } from '../../stats/dispersion.ts';
import { addResidual, currentDispersion, NO_RESIDUALS, PRIOR_CAP } from '../../stats/dispersion.ts';
import type { LateWealth } from '../../stats/late.ts';
import { lateTick, logLate } from '../../stats/late.ts';
import { logAdd } from '../../stats/logspace.ts';
import type { HarmWealth, SafeWealth } from '../../stats/process.ts';
import { earnedIn, harmTick, logHarm, logSafe, safeTick } from '../../stats/process.ts';
import { fourDecimals } from '../../stats/rounding.ts';
import type { Both, Carried } from './carried.ts';
import { carriedAfter, joined } from './carried.ts';
import type { Calibration } from './calibration.ts';
import {
  calibrate,
  isUnknown,
  levelAfter,
  levels,
  RAISED_BAR,
  scaled as scaledPhi,
  trafficPerPod,
  NO_CALIBRATION,
  withoutOutliers,
} from './calibration.ts';
import type { PodCounts, RankData } from './rank-state.ts';
import {
  addRanks,
  canRank,
  concurs,
  logRankOf,
  logSafeRanksOf,
  nextRankStep,
  pardonRanks,
  startRanks,
} from './rank-state.ts';

/**
 * Running comparison of a share of requests between canary and stable: how many were bad, or slower than some time. Sufficient
 * statistics of both sequential tests, plain JSON. docs/analysis.md says what the tests promise.
 */
export interface Comparison {
  calibration: Calibration;
  residuals: Residuals;
  /** requests per canary pod over requests per stable pod, as last seen */
  rho: number;
  /** windows in which both arms had requests: in the release, and behind the evidence of safety */
  windows: number;
  safeWindows: number;
  /** time measured in the step */
  stepSeconds: number;
  /** windows in which one arm was idle, until they can be counted */
  carried: Carried;
  /** one per level of φ; kept through all steps */
  harm: readonly HarmWealth[];
  /** for harm that begins late; only where single stable pods gave it a bar */
  late: LateWealth;
  /** one per level of φ; restarted in each step unless the template keeps it */
  safe: readonly SafeWealth[];
  /** the same against the margin that the next weight allows; restarted in each step */
  scaled: readonly SafeWealth[];
  /** what the harm test counted in the whole release, and what the safe test counted in the present step */
  total: Tick;
  step: Tick;
  /** evidence from the rank of the canary pods; absent where pods cannot be told apart */
  rank?: RankData;
  /** the rank twin does not contradict a rollback */
  concurs: boolean;
}

export const NO_COUNTS: Tick = { n1: 0, x1: 0, n0: 0, x0: 0 };

export const NO_COMPARISON: Comparison = {
  calibration: NO_CALIBRATION,
  residuals: NO_RESIDUALS,
  rho: 1,
  windows: 0,
  safeWindows: 0,
  stepSeconds: 0,
  carried: [],
  harm: [],
  late: [],
  safe: [],
  scaled: [],
  total: NO_COUNTS,
  step: NO_COUNTS,
  concurs: true,
};

/**
 * The comparison at the beginning of the next step. Evidence of harm is always kept. `keepSafe`: evidence of safety at
 * the strict margin is kept as well, for services too quiet to prove it in every step; evidence that belongs to a weight
 * is never kept.
 */
export function nextStep<T extends Comparison>(data: T, { keepSafe }: { keepSafe: boolean }): T {
  const rank = data.rank === undefined ? {} : { rank: nextRankStep(data.rank, { keepSafe }) };
  const fresh = { ...rank, scaled: [], step: NO_COUNTS, stepSeconds: 0 };
  return keepSafe ? { ...data, ...fresh } : { ...data, ...fresh, safe: [], safeWindows: 0 };
}

/** Evidence of harm begins anew. */
export function pardon<T extends Comparison>(data: T): T {
  const rank = data.rank === undefined ? {} : { rank: pardonRanks(data.rank) };
  return { ...data, ...rank, harm: [], late: [], concurs: true };
}

/** Takes over what history says about dispersion and ranks; frozen once the first window is counted. */
export function calibrated<T extends Comparison>(
  data: T,
  history: History,
  basis: { seconds: number; rho: number; seed: string; coarse?: true },
): T {
  if (data.windows > 0) return data;
  const { regular, leftOut } = withoutOutliers(history);
  const learnt = calibrate(regular, basis);
  const calibration = learnt.kind === 'placebo' && leftOut > 0 ? { ...learnt, leftOut } : learnt;
  const rank = startRanks(regular, { ...basis, calibration });
  return { ...data, calibration, ...(rank === undefined ? {} : { rank }) };
}

/**
 * Begins new statistics with what a former release of the same workload learnt (`learnt`). It holds until the release's
 * own history arrives, and is ignored once a window is counted.
 */
export function inherit<T extends Comparison>(data: T, calibration: Calibration): T {
  return data.windows > 0 ? data : { ...data, calibration };
}

/** What the next release of the workload may begin with. */
export function learnt({ calibration, residuals }: Comparison): Calibration {
  if (calibration.kind === 'placebo') return calibration;
  const { priors } = calibration;
  const longest = priors.at(-1)?.phi ?? 1;
  const seen = Math.min(PRIOR_CAP, currentDispersion(longest, residuals));
  return { ...calibration, priors: priors.map(({ ticks, phi }) => ({ ticks, phi: Math.max(phi, seen) })) };
}

export interface ComparedWindow extends Both {
  harmMargin: Margin;
  /** how much wider than usual the harm margin is in this window (relative); absent: not */
  wider?: number;
  safeMargin: Margin;
  /** margin for the move to the next weight; absent: only the strict margin counts */
  scaledMargin?: Margin;
  /** what the harm test counts pod by pod, if the pods can be told apart */
  pods?: PodCounts;
  /** the same of the safe test, where it counts something else */
  safePods?: PodCounts;
}

/** The comparison after one more window. */
export function addCounts<T extends Comparison>(data: T, window: ComparedWindow): T {
  const { harmMargin: margin, safeMargin, scaledMargin, pods, wider = 0 } = window;
  const rho = (pods && trafficPerPod(pods)) ?? data.rho;
  const all = joined(data.carried, window);
  const counted = {
    ...data,
    rho,
    carried: carriedAfter(all),
    stepSeconds: data.stepSeconds + window.seconds,
    total: plus(data.total, window.harm),
    step: plus(data.step, window.safe),
  };
  if (!informs(all.harm)) return counted;
  const phis = levels(data.calibration, rho);
  const safe = (wealth: readonly SafeWealth[], margin: Margin): SafeWealth[] =>
    phis.map(({ safe: phi }, i) => rounded(safeTick(wealth[i] ?? [], all.safe, { margin, phi })));
  return {
    ...counted,
    windows: data.windows + 1,
    safeWindows: data.safeWindows + 1,
    residuals: addResidual(data.residuals, all.harm),
    late: lateAfter(data, { ...window, ...all }, rho),
    harm: phis.map(({ harm: phi }, i) =>
      rounded(harmTick(data.harm[i] ?? [], all.harm, { margin, phi, wider }, all.seconds)),
    ),
    safe: safe(data.safe, safeMargin),
    scaled: scaledMargin === undefined ? [] : safe(data.scaled, scaledMargin),
    ...ranked(data.rank, { ...window, rho }),
  };
}

/** The evidence of harm that begins late; none without a bar for it. */
function lateAfter(
  { calibration, late }: Comparison,
  { harm, harmMargin: margin, wider }: ComparedWindow,
  rho: number,
): LateWealth {
  if (calibration.kind !== 'placebo') return late;
  const phi = scaledPhi(calibration.late.phi, rho);
  return rounded(lateTick(late, earnedIn(harm, { margin, phi }, wider)));
}

/** If this window has too few pods to rank, the rank twin waits, and does not prevent a rollback. */
function ranked(
  before: RankData | undefined,
  { pods, wider = 0, ...window }: ComparedWindow & { rho: number },
): { rank?: RankData; concurs: boolean } {
  if (before === undefined) return { concurs: true };
  if (pods === undefined || !canRank(pods)) return { rank: before, concurs: true };
  const harmMargin = { ...window.harmMargin, relative: window.harmMargin.relative + wider };
  const margins = { ...window, harmMargin };
  const rank = addRanks(before, { ...margins, pods });
  return { rank, concurs: concurs(rank, margins) };
}

/** What the statistics say at the dispersion that holds now. */
export interface Evidence {
  /** dispersion at which harm is read */
  phi: number;
  /** counts and ranks together; where the calibration is unknown, at the dispersion that this takes */
  logHarm: number;
  /** ln by which the bar of harm is higher than the template says; above 0 only where the calibration is unknown */
  raised: number;
  /** where the calibration is unknown: ln of the evidence of harm at the dispersion known so far */
  logSuspected?: number;
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
export const SCALED_AFTER_SECONDS = 5 * 60;

export function evidenceOf(data: Comparison): Evidence {
  const { calibration, residuals } = data;
  const phis = levels(calibration, data.rho);
  const harmLevel = levelAfter(calibration, data.windows, residuals);
  const safeLevel = levelAfter(calibration, data.safeWindows, residuals);
  const safe = data.safe[safeLevel] ?? [];
  const scaled = data.scaled[safeLevel] ?? [];
  const counts = scaled.length > 0 && data.stepSeconds >= SCALED_AFTER_SECONDS;
  const ranks = data.rank && logSafeRanksOf(data.rank);
  const weight = data.rank?.weight ?? 0;
  return {
    phi: phis[harmLevel]?.harm ?? 1,
    ...knownHarm(data, logHarm(data.harm[harmLevel] ?? [])),
    logSafe: mixed(logSafe(safe), ranks?.safe, weight),
    logScaled: counts ? mixed(logSafe(scaled), ranks?.scaled, weight) : -Infinity,
    safePhi: phis[safeLevel]?.safe ?? 1,
    safe,
    scaled,
  };
}

type Harm = Pick<Evidence, 'logHarm' | 'logRank' | 'raised' | 'logSuspected'>;

function knownHarm(data: Comparison, logCounts: number): Harm {
  const known = harmOf(data, logCounts);
  if (!isUnknown(data.calibration, data.residuals)) return { ...known, raised: 0 };
  return { logHarm: logHarm(data.harm.at(-1) ?? []), raised: RAISED_BAR, logSuspected: known.logHarm };
}

/** What counts as evidence of harm: from the start, or from late on, whichever is more. */
function harmOf(
  { calibration, late, rank }: Comparison,
  logCounts: number,
): { logHarm: number; logRank?: number } {
  const logRank = rank && logRankOf(rank);
  const started = mixed(logCounts, logRank, rank?.weight ?? 0);
  // shifted so that its own bar counts as much as 1/α does
  const begun = calibration.kind === 'placebo' ? logLate(late) - calibration.late.bar + LATE_BAR : -Infinity;
  return { logHarm: Math.max(started, begun), ...(logRank === undefined ? {} : { logRank }) };
}

const LATE_BAR = Math.log(20);

/** The mean of two e-processes is one. */
function mixed(logCounts: number, logRank: number | undefined, weight: number): number {
  return logRank === undefined
    ? logCounts
    : logAdd(Math.log1p(-weight) + logCounts, Math.log(weight) + logRank);
}

export function plus(a: Tick, b: Tick): Tick {
  return {
    n1: fourDecimals(a.n1 + b.n1),
    x1: fourDecimals(a.x1 + b.x1),
    n0: fourDecimals(a.n0 + b.n0),
    x0: fourDecimals(a.x0 + b.x0),
  };
}

function rounded(logs: readonly number[]): number[] {
  return logs.map(fourDecimals);
}
