import type { Counts, History } from '../../../api/analysis.ts';
import type { Residuals } from '../../stats/dispersion.ts';
import { currentDispersion, gridIndex, priorDispersion } from '../../stats/dispersion.ts';
import { COARSE_PHI_GRID, PHI_GRID } from '../../stats/phi-grid.ts';
import type { Rung } from '../../stats/placebo.ts';
import { calibrateFromPods, rungAfter } from '../../stats/placebo.ts';

/**
 * How the dispersion φ is known. Evidence is kept at several levels of φ at once; which one is read may change as windows
 * pass. Frozen before the first window is counted. Plain JSON.
 */
export type Calibration =
  /** from the stable total and the residuals between the arms: weaker, no pods can be told apart */
  | { kind: 'residuals'; prior: number; coarse?: true }
  /** from single stable pods played as canaries */
  | { kind: 'placebo'; poisson: boolean; strong: boolean; rungs: Rung[] };

export const UNCALIBRATED = { kind: 'residuals', prior: 1 } as const satisfies Calibration;

/** What history tells; `seconds` is the length of its windows. `coarse`: few levels, where several comparisons share a status. */
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

/** More pods than these teach nothing new and take seconds. */
const MOST_PODS = 40;

function longestServing(pods: Readonly<Record<string, Counts[]>>): Counts[][] {
  const served = (list: readonly Counts[]): number => list.filter(({ total }) => total > 0).length;
  return Object.values(pods)
    .sort((a, b) => served(b) - served(a))
    .slice(0, MOST_PODS);
}

/** Of rungs with the same φ only the last: evidence at one φ is the same whichever is read. */
function distinct(rungs: readonly Rung[]): Rung[] {
  return rungs.filter(({ phi }, i) => rungs[i + 1]?.phi !== phi);
}

/**
 * φ of each level. `rho`: requests per canary pod over requests per stable pod; a pod that carries more traffic than those
 * the rungs were learnt from shows its bursts in more requests.
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

/** The level to read after so many windows. */
export function levelAfter(calibration: Calibration, windows: number, residuals: Residuals): number {
  return calibration.kind === 'residuals'
    ? gridIndex(currentDispersion(calibration.prior, residuals), gridOf(calibration))
    : rungAfter(calibration.rungs, windows);
}

/** 0: without single pods; 1: from few pods or a short history; 2: from many. */
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
