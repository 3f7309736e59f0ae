import type { History } from '../../../api/analysis.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import type { Tick } from '../../stats/bet.ts';
import { informs } from '../../stats/bet.ts';
import type { Residuals } from '../../stats/dispersion.ts';
import { addResidual, currentDispersion, NO_RESIDUALS, PRIOR_CAP } from '../../stats/dispersion.ts';
import { logAdd } from '../../stats/logspace.ts';
import type { HarmWealth, SafeWealth } from '../../stats/process.ts';
import { harmTick, logHarm, logSafe, safeTick } from '../../stats/process.ts';
import { fourDecimals } from '../../stats/rounding.ts';
import type { Calibration } from './calibration.ts';
import { calibrate, levelAfter, levels, trafficPerPod, UNCALIBRATED } from './calibration.ts';
import type { PodCounts, RankData } from './rank-state.ts';
import { addRanks, canRank, isOneLasting, logRankOf, logRankProvisional, startRanks } from './rank-state.ts';

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
  /** one per level of φ; kept through all steps */
  harm: readonly HarmWealth[];
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
  calibration: UNCALIBRATED,
  residuals: NO_RESIDUALS,
  rho: 1,
  windows: 0,
  safeWindows: 0,
  stepSeconds: 0,
  harm: [],
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
  const fresh = { scaled: [], step: NO_COUNTS, stepSeconds: 0 };
  return keepSafe ? { ...data, ...fresh } : { ...data, ...fresh, safe: [], safeWindows: 0 };
}

/** Takes over what history says about dispersion and ranks; frozen once the first window is counted. */
export function calibrated<T extends Comparison>(
  data: T,
  history: History,
  basis: { seconds: number; rho: number; seed: string; coarse?: true },
): T {
  if (data.windows > 0) return data;
  const calibration = calibrate(history, basis);
  const rank = startRanks(history, { ...basis, calibration });
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
  const { prior, ...grid } = calibration;
  const seen = Math.min(PRIOR_CAP, currentDispersion(prior, residuals));
  return { ...grid, prior: Math.max(prior, seen) };
}

export interface ComparedWindow {
  /**
   * what each test counts. Requests and stable's count are the same; the canary's may differ, where a margin acts on what
   * counts instead of on the share
   */
  harm: Tick;
  safe: Tick;
  /** length of the window */
  seconds: number;
  harmMargin: Margin;
  safeMargin: Margin;
  /** margin for the move to the next weight; absent: only the strict margin counts */
  scaledMargin?: Margin;
  /** what the harm test counts pod by pod, if the pods can be told apart */
  pods?: PodCounts;
}

/** The comparison after one more window. */
export function addCounts<T extends Comparison>(data: T, window: ComparedWindow): T {
  const { seconds, harmMargin, safeMargin, scaledMargin, pods } = window;
  const rho = (pods && trafficPerPod(pods)) ?? data.rho;
  const counted = {
    ...data,
    rho,
    stepSeconds: data.stepSeconds + seconds,
    total: plus(data.total, window.harm),
    step: plus(data.step, window.safe),
  };
  if (!informs(window.harm)) return counted;
  const phis = levels(data.calibration, rho);
  const safe = (wealth: readonly SafeWealth[], margin: Margin): SafeWealth[] =>
    phis.map((phi, i) => rounded(safeTick(wealth[i] ?? [], window.safe, { margin, phi })));
  return {
    ...counted,
    windows: data.windows + 1,
    safeWindows: data.safeWindows + 1,
    residuals: addResidual(data.residuals, window.harm),
    harm: phis.map((phi, i) =>
      rounded(harmTick(data.harm[i] ?? [], window.harm, { margin: harmMargin, phi }, seconds)),
    ),
    safe: safe(data.safe, safeMargin),
    scaled: scaledMargin === undefined ? [] : safe(data.scaled, scaledMargin),
    ...ranked(data.rank, { ...window, rho }),
  };
}

/** ln of the evidence that the rank twin must have reached for a rollback. */
const CONCURRENCE = Math.log(2);

/** If this window has too few pods to rank, the rank twin waits, and does not prevent a rollback. */
function ranked(
  before: RankData | undefined,
  { pods, harmMargin: margin, seconds, rho }: ComparedWindow & { rho: number },
): { rank?: RankData; concurs: boolean } {
  if (before === undefined) return { concurs: true };
  if (pods === undefined || !canRank(pods)) return { rank: before, concurs: true };
  const rank = addRanks(before, { pods, seconds, rho, margin });
  const provisional = logRankProvisional(rank, { rho, margin });
  const concurs = Math.max(logRankOf(rank), provisional) >= CONCURRENCE || isOneLasting(rank);
  return { rank, concurs };
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
export const SCALED_AFTER_SECONDS = 5 * 60;

export function evidenceOf(data: Comparison): Evidence {
  const { calibration, residuals } = data;
  const phis = levels(calibration, data.rho);
  const harmLevel = levelAfter(calibration, data.windows, residuals);
  const safeLevel = levelAfter(calibration, data.safeWindows, residuals);
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
