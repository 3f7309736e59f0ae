import type { Counts, History } from '../../../api/analysis.ts';
import type { Residuals } from '../../stats/dispersion.ts';
import { currentDispersion, gridIndex, priorDispersion } from '../../stats/dispersion.ts';
import { COARSE_PHI_GRID, PHI_GRID } from '../../stats/phi-grid.ts';
import type { Rung } from '../../stats/placebo.ts';
import { calibrateFromPods, rungAfter } from '../../stats/placebo.ts';

/**
 * How the dispersion φ is known. Evidence is kept at several levels of φ at once; as windows pass, another of them may be
 * read. Frozen before the first window is counted. Plain JSON.
 */
export type Calibration =
  /** from the stable total and the residuals between the arms: weaker, because pods cannot be told apart */
  | { kind: 'residuals'; prior: number; coarse?: true }
  /** from single stable pods that play the canary */
  | { kind: 'placebo'; poisson: boolean; strong: boolean; rungs: Rung[] };

export const UNCALIBRATED = { kind: 'residuals', prior: 1 } as const satisfies Calibration;

/**
 * The calibration that history gives; `seconds` is the length of its windows. `coarse`: only a few levels, for several
 * comparisons that share a status.
 */
export function calibrate(
  history: History,
  { seconds, coarse }: { seconds: number; coarse?: true },
): Calibration {
  const pods = longestServing(history.pods ?? {}).map((list) => ({
    n: list.map(({ total }) => total),
    x: list.map(({ bad }) => bad),
  }));
  const placebo = calibrateFromPods(pods, seconds);
  if (placebo !== undefined) return { kind: 'placebo', ...placebo, rungs: distinct(placebo.rungs) };
  const cells = history.stable.map(({ total, bad }) => ({ n: total, x: bad }));
  const prior = priorDispersion(cells);
  return { kind: 'residuals', prior, ...(coarse === undefined ? {} : { coarse }) };
}

/** More pods than this add nothing new, and take seconds to compute. */
const MOST_PODS = 40;

function longestServing(pods: Readonly<Record<string, Counts[]>>): Counts[][] {
  const served = (list: readonly Counts[]): number => list.filter(({ total }) => total > 0).length;
  return Object.values(pods)
    .sort((a, b) => served(b) - served(a))
    .slice(0, MOST_PODS);
}

/** Keeps only the last of the rungs with the same φ: they all give the same evidence. */
function distinct(rungs: readonly Rung[]): Rung[] {
  return rungs.filter(({ phi }, i) => rungs[i + 1]?.phi !== phi);
}

/**
 * φ of each level. `rho`: requests per canary pod over requests per stable pod; in a pod with more traffic than those the
 * rungs were learnt from, a burst hits more requests.
 */
export function levels(calibration: Calibration, rho: number): number[] {
  if (calibration.kind === 'residuals') return [...gridOf(calibration)];
  return calibration.rungs.map(({ phi }) => 1 + (phi - 1) * rho);
}

function gridOf({ coarse }: { coarse?: true }): readonly number[] {
  return coarse === undefined ? PHI_GRID : COARSE_PHI_GRID;
}

export function levelCount(calibration: Calibration): number {
  return calibration.kind === 'residuals' ? gridOf(calibration).length : calibration.rungs.length;
}

/** The level to read after this many windows. */
export function levelAfter(calibration: Calibration, windows: number, residuals: Residuals): number {
  return calibration.kind === 'residuals'
    ? gridIndex(currentDispersion(calibration.prior, residuals), gridOf(calibration))
    : rungAfter(calibration.rungs, windows);
}

/** 0: learnt without single pods; 1: from few pods or a short history; 2: from many pods and a long one. */
export function strength(calibration: Calibration): number {
  if (calibration.kind === 'residuals') return 0;
  return calibration.strong ? 2 : 1;
}

/** Requests per canary pod over requests per stable pod; `undefined` if either has none. */
export function trafficPerPod(pods: {
  canary: Record<string, Counts>;
  stable: Record<string, Counts>;
}): number | undefined {
  const rho = mean(pods.canary) / mean(pods.stable);
  return Number.isFinite(rho) && rho > 0 ? rho : undefined;
}

function mean(pods: Record<string, Counts>): number {
  const list = Object.values(pods);
  return list.reduce((sum, { total }) => sum + total, 0) / list.length;
}

/** Is this a calibration, as stored? */
export function isCalibration(value: unknown): value is Calibration {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, prior, coarse, poisson, strong, rungs } = value as Record<string, unknown>;
  if (kind === 'residuals') return isDispersion(prior) && (coarse === undefined || coarse === true);
  return (
    kind === 'placebo' &&
    typeof poisson === 'boolean' &&
    typeof strong === 'boolean' &&
    Array.isArray(rungs) &&
    rungs.length > 0 &&
    rungs.length <= 20 &&
    rungs.every(isRung)
  );
}

function isRung(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { ticks, phi } = value as Record<string, unknown>;
  return typeof ticks === 'number' && ticks >= 1 && isDispersion(phi);
}

function isDispersion(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 1;
}
