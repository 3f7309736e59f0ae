import type { Counts } from '../../../api/analysis.ts';
import type { MetricState } from '../../../api/kinds/release/verdict.ts';
import { isCount } from '../../../lib/count.ts';
import { isObject } from '../../../lib/json.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import type { Tick } from '../../stats/bet.ts';
import type { HarmWealth } from '../../stats/process.ts';
import { HARM_BETS } from '../../stats/process.ts';
import type { Pool } from '../../stats/interval.ts';
import { addToPool } from '../../stats/interval.ts';
import { levelAfter, levels } from '../core/calibration.ts';
import type { CeilingData } from '../core/ceiling-state.ts';
import { addCeiling, isCeiling, logCeiling } from '../core/ceiling-state.ts';
import { joined } from '../core/carried.ts';
import { isAmount, isComparison, isRecordOf, isRows } from '../core/comparison-stored.ts';
import type { Comparison } from '../core/comparison.ts';
import { addCounts, inherit, learnt, nextStep, NO_COMPARISON, NO_COUNTS } from '../core/comparison.ts';
import type { FixedCounts } from '../core/fixed-horizon.ts';
import { isFixedCounts } from '../core/fixed-horizon.ts';
import type { PodCounts } from '../core/rank-state.ts';
import { stored, VERSION } from '../core/stored.ts';

/** Sufficient statistics of one error-rate metric; plain JSON, the `data` of its MetricState. */
export interface ErrorRateData extends Comparison {
  /** windows in a row in which the canary answered mostly errors while stable was fine */
  broken: number;
  /** for the displayed interval of the ratio */
  pool: Pool;
  /** counts of a test at planned looks; restarted in each step; absent for the sequential test */
  fixed?: FixedCounts;
  /** evidence of a metric with a ceiling; kept through all steps */
  ceiling?: CeilingData;
  /** evidence of windows in which most canary pods were cold: it can only fail; kept through all steps */
  warming?: WarmingData;
  /** stable's requests and bad requests in the hour before; only where no earlier step compared with stable */
  past?: Pick<Tick, 'n0' | 'x0'>;
}

/** Evidence of harm against the warm-up margin, one per level of φ. */
export interface WarmingData {
  windows: number;
  /** end of the last of them */
  untilMs: number;
  /** the levels, ascending, as they were when the first of these windows came */
  phis: readonly number[];
  harm: readonly HarmWealth[];
  total: Tick;
}

const EMPTY: ErrorRateData = { ...NO_COMPARISON, broken: 0, pool: [] };

export function isErrorRateData(data: unknown): data is ErrorRateData {
  if (!isObject(data)) return false;
  const { broken, pool, fixed, ceiling, past, warming } = data;
  return (
    isComparison(data) &&
    isAmount(broken) &&
    isRows(pool, 4) &&
    (fixed === undefined || isFixedCounts(fixed)) &&
    (ceiling === undefined || isCeiling(ceiling)) &&
    (past === undefined || isPast(past)) &&
    (warming === undefined || isWarmingData(warming))
  );
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

function isWarmingData(value: unknown): boolean {
  return (
    isObject(value) &&
    isAmount(value['windows']) &&
    isAmount(value['untilMs']) &&
    isRecordOf(value['total'], NO_COUNTS) &&
    isRows([value['phis']], lengthOf(value['phis'])) &&
    (isRows(value['harm'], HARM_BETS.g.length + 1, [lengthOf(value['phis'])]) ||
      isRows(value['harm'], 0, [lengthOf(value['phis'])]))
  );
}

function isPast(value: unknown): boolean {
  return isObject(value) && isAmount(value['n0']) && isAmount(value['x0']);
}

/** The statistics at the beginning of the next step: see `nextStep`. */
export function nextErrorRateStep(data: ErrorRateData, keep: { keepSafe: boolean }): ErrorRateData {
  const next = nextStep(data, keep);
  delete next.fixed;
  return next;
}

export const { read: readErrorRate } = stored('errorRate', isErrorRateData, EMPTY);

export function writeErrorRate(data: ErrorRateData): MetricState {
  return { version: VERSION, type: 'errorRate', data: { ...data } };
}

/** Until something is counted, the history of stable can say how much stable varies. */
export const wantsErrorRateHistory = ({ windows, past, warming }: ErrorRateData): boolean =>
  windows === 0 && past === undefined && warming === undefined;

/** The dispersion that a former release learnt. */
export function inheritedErrorRate(state: MetricState): MetricState | undefined {
  const former = readErrorRate(state);
  return former.windows === 0 ? undefined : writeErrorRate(inherit(EMPTY, learnt(former)));
}

export interface WindowSetting {
  harmMargin: Margin;
  /** how much wider than usual the harm margin is in this window (relative); absent: not */
  wider?: number;
  safeMargin: Margin;
  ceiling?: number | undefined;
  /** length of the window */
  seconds: number;
  /** margin for the move to the next weight; absent: only the strict margin counts */
  scaledMargin?: Margin;
  /** the same counts pod by pod, if the pods can be told apart */
  pods?: PodCounts;
  /** all requests go to the canary; absent: no */
  alone?: boolean;
}

/** The statistics after one more window. */
export function addWindow(
  data: ErrorRateData,
  tick: Tick,
  { ceiling, alone = false, ...setting }: WindowSetting,
): ErrorRateData {
  const { seconds } = setting;
  const counted = addCounts(data, { ...setting, harm: tick, safe: tick });
  const after = {
    ...counted,
    broken: brokenAfter(data.broken, tick, alone),
    pool: addToPool(data.pool, joined(data.carried, { harm: tick, safe: tick, seconds }).harm),
  };
  if (ceiling === undefined) return after;
  const phis = levels(after.calibration, after.rho).map(({ harm }) => harm);
  return { ...after, ceiling: addCeiling(data.ceiling, tick, { ceiling, seconds, phis }) };
}

/** ln of the evidence that the canary's own rate is above its ceiling, at the φ that holds now. */
export function logCeilingOf({ calibration, residuals, ceiling }: ErrorRateData): number {
  return logCeiling(ceiling, levelAfter(calibration, ceiling?.windows ?? 0, residuals));
}

const ENOUGH = 20;
const MOSTLY_ERRORS = 0.5;
const STABLE_FINE = 0.25;

/** Windows in a row with mostly errors, including those in which most pods were cold. */
export const brokenWith = (data: ErrorRateData, tick: Tick, alone: boolean): number =>
  brokenAfter(data.broken, tick, alone);

/**
 * Windows with few requests neither trip the breaker nor reset it. A stable arm without requests is fine if it should
 * have none.
 */
function brokenAfter(before: number, { n1, x1, n0, x0 }: Tick, alone: boolean): number {
  if (n1 < ENOUGH || (n0 < ENOUGH && !alone)) return before;
  const fine = n0 < ENOUGH || x0 / n0 < STABLE_FINE;
  return x1 / n1 > MOSTLY_ERRORS && fine ? before + 1 : 0;
}

/** The counts of both arms, if they are possible ones. */
export function tickOf(canary: Counts, stable: Counts): Tick | undefined {
  return possible(canary) && possible(stable)
    ? { n1: canary.total, x1: canary.bad, n0: stable.total, x0: stable.bad }
    : undefined;
}

export function possible({ total, bad }: Counts): boolean {
  return isCount(total) && isCount(bad) && bad <= total;
}
