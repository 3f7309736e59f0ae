import type { Counts, History } from '../../../api/analysis.ts';
import type { Prior, Residuals } from '../../stats/dispersion.ts';
import {
  currentDispersion,
  gridIndex,
  PRIOR_CAP,
  priorDispersions,
  seenDispersion,
  withoutWorst,
} from '../../stats/dispersion.ts';
import { COARSE_PHI_GRID, PHI_GRID } from '../../stats/phi-grid.ts';
import type { LateSetting } from '../../stats/late.ts';
import { persistentOutliers } from '../../stats/outliers.ts';
import type { Rung } from '../../stats/placebo.ts';
import { calibrateFromPods, rungAfter } from '../../stats/placebo.ts';

/**
 * How the dispersion φ is known. Evidence is kept at several levels of φ at once; as windows pass, another of them may be
 * read. Frozen before the first window is counted. Plain JSON.
 */
export type Calibration =
  /** from the stable total and the residuals between the arms: weaker, because pods cannot be told apart */
  | { kind: 'residuals'; priors: readonly Prior[]; coarse?: true; unknown?: true }
  /** from single stable pods that play the canary */
  | {
      kind: 'placebo';
      poisson: boolean;
      strong: boolean;
      many: boolean;
      rungs: Rung[];
      late: LateSetting;
      unknown?: true;
      leftOut?: number;
    };

/** As long as nothing is known of stable's past. */
export const NO_CALIBRATION = {
  kind: 'residuals',
  priors: [{ ticks: 1, phi: 1 }],
} as const satisfies Calibration;

/**
 * `unknown`: stable's past varies so much, or its few pods differ so much, that a bad minute of one pod cannot be told from a
 * bad version. Harm is then read at this dispersion, beside a higher bar (`RAISED_BAR`), and nothing passes by itself.
 */
const UNKNOWN_PHI = 300;
/** Stable's total may vary by this much, its worst minutes left out, before single pods have to be told apart. */
const MOST_USUAL_PHI = 16;
/** ln of the factor by which the bar is higher */
export const RAISED_BAR = Math.log(50);

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
  const priors = priorDispersions(cells, seconds);
  const usual = priorDispersions(withoutWorst(cells, seconds), seconds);
  return {
    kind: 'residuals',
    priors: priors.map(({ ticks, phi }) => ({ ticks, phi: Math.min(PRIOR_CAP, phi) })),
    ...(coarse === undefined ? {} : { coarse }),
    ...(coarse === undefined && usual.some(({ phi }) => phi > MOST_USUAL_PHI) ? { unknown: true } : {}),
  };
}

/** More pods than this add nothing new, and take seconds to compute. */
const MOST_PODS = 40;

function longestServing(pods: Readonly<Record<string, Counts[]>>): Counts[][] {
  const served = (list: readonly Counts[]): number => list.filter(({ total }) => total > 0).length;
  return Object.values(pods)
    .sort((a, b) => served(b) - served(a))
    .slice(0, MOST_PODS);
}

/** Keeps only the last of the rungs with the same dispersion: they all give the same evidence. */
function distinct(rungs: readonly Rung[]): Rung[] {
  return rungs.filter(({ phi, safePhi }, i) => {
    const next = rungs[i + 1];
    return next?.phi !== phi || next.safePhi !== safePhi;
  });
}

/** The history without the stable pods that were out of line all the time, and their number; their requests stay in the sum. */
export function withoutOutliers(history: History): { regular: History; leftOut: number } {
  const pods = Object.entries(history.pods ?? {});
  const counts = pods.map(([, list]) => ({
    n: list.map(({ total }) => total),
    x: list.map(({ bad }) => bad),
  }));
  const outliers = persistentOutliers(counts);
  if (outliers.size === 0) return { regular: history, leftOut: 0 };
  const kept = pods.filter((_, i) => !outliers.has(i));
  return { regular: { ...history, pods: Object.fromEntries(kept) }, leftOut: outliers.size };
}

/** φ of one level, for each of the two tests. */
export interface Level {
  harm: number;
  safe: number;
}

/**
 * The levels. `rho`: requests per canary pod over requests per stable pod; in a pod with more traffic than those the rungs
 * were learnt from, a burst hits more requests.
 */
export function levels(calibration: Calibration, rho: number): Level[] {
  const known =
    calibration.kind === 'residuals'
      ? gridOf(calibration).map((phi) => ({ harm: phi, safe: phi }))
      : calibration.rungs.map(({ phi, safePhi }) => ({
          harm: scaled(phi, rho),
          safe: scaled(safePhi, rho),
        }));
  return calibration.unknown === true ? [...known, { harm: UNKNOWN_PHI, safe: UNKNOWN_PHI }] : known;
}

export const scaled = (phi: number, rho: number): number => 1 + (phi - 1) * rho;

function gridOf({ coarse }: { coarse?: true }): readonly number[] {
  return coarse === undefined ? PHI_GRID : COARSE_PHI_GRID;
}

export function levelCount(calibration: Calibration): number {
  return levels(calibration, 1).length;
}

/** The level to read after this many windows. */
export function levelAfter(calibration: Calibration, windows: number, residuals: Residuals): number {
  return calibration.kind === 'residuals'
    ? gridIndex(currentDispersion(priorAfter(calibration.priors, windows), residuals), gridOf(calibration))
    : rungAfter(calibration.rungs, windows);
}

export const priorAfter = (priors: readonly Prior[], windows: number): number =>
  priors[rungAfter(priors, windows)]?.phi ?? 1;

/** From this many windows on, calm residuals show that what moved stable's past moves both arms. */
const CALM_WINDOWS = 20;

/**
 * Is it unknown now? If bad minutes of single pods had moved stable's total in the past, they would move it in the release
 * as well, and the canary would not follow.
 */
export function isUnknown(calibration: Calibration, residuals: Residuals): boolean {
  if (calibration.unknown !== true) return false;
  const calm = residuals.ticks >= CALM_WINDOWS && seenDispersion(residuals) === 1;
  return calibration.kind === 'placebo' || !calm;
}

/** The dispersion of the longest blocks: what the displayed interval allows for at any time. */
export function longDispersion(calibration: Calibration, residuals: Residuals, rho: number): number {
  if (isUnknown(calibration, residuals)) return UNKNOWN_PHI;
  if (calibration.kind === 'residuals') return calibration.priors.at(-1)?.phi ?? 1;
  return scaled(calibration.rungs.at(-1)?.phi ?? 1, rho);
}

/** Single pods are known well enough to say how much they differ. */
export const knowsPods = (calibration: Calibration): boolean =>
  calibration.kind === 'placebo' && calibration.many;

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
  const { kind, priors, coarse, unknown, poisson, strong, many, rungs, late } = value as Record<
    string,
    unknown
  >;
  if (![coarse, unknown].every((flag) => flag === undefined || flag === true)) return false;
  if (kind === 'residuals') return isLadder(priors, isPrior);
  return (
    kind === 'placebo' &&
    typeof poisson === 'boolean' &&
    typeof strong === 'boolean' &&
    typeof many === 'boolean' &&
    isLadder(rungs, isRung) &&
    isLate(late)
  );
}

const isLadder = (value: unknown, isStep: (step: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.length <= 20 && value.every(isStep);

function isLate(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { phi, bar } = value as Record<string, unknown>;
  return isDispersion(phi) && typeof bar === 'number' && Number.isFinite(bar);
}

function isPrior(value: unknown): value is Prior {
  if (typeof value !== 'object' || value === null) return false;
  const { ticks, phi } = value as Record<string, unknown>;
  return typeof ticks === 'number' && ticks >= 1 && isDispersion(phi);
}

const isRung = (value: unknown): boolean => isPrior(value) && isDispersion((value as Partial<Rung>).safePhi);

function isDispersion(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 1;
}
