import type { Counts, Histogram, LatencyHistory } from '../../../api/analysis.ts';
import type { MetricState } from '../../../api/kinds/release/verdict.ts';
import { isObject } from '../../../lib/json.ts';
import type { LatencyMetric } from '../../../api/kinds/template/kinds/latency.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import type { Buckets } from '../../stats/histogram.ts';
import { above, decay, quantile, resolves, total, weightedSum } from '../../stats/histogram.ts';
import type { SlowLimits } from '../../stats/slow.ts';
import { slowLimits, slowStable } from '../../stats/slow.ts';
import { isAmount, isComparison } from '../core/comparison-stored.ts';
import { NO_CALIBRATION } from '../core/calibration.ts';
import type { Comparison } from '../core/comparison.ts';
import {
  addCounts,
  calibrated,
  inherit,
  learnt,
  NO_COMPARISON,
  NO_COUNTS,
  nextStep,
  pardon,
} from '../core/comparison.ts';
import type { PodCounts } from '../core/rank-state.ts';
import { forUsers } from '../core/sticky.ts';
import { stored, VERSION } from '../core/stored.ts';
import { compact } from './compact.ts';
import { exceedances } from './history.ts';
import { harmOnShare, safeOnShare } from './margins.ts';

/** Sufficient statistics of one latency metric; plain JSON, the `data` of its MetricState. */
export interface LatencyData {
  /** what was seen until now, with decaying weight of the past; stable's part says what counts as slow in the next window */
  seen: Seen;
  /** one per quantile; [] before the first window with requests */
  thresholds: readonly Threshold[];
}

/** Both arms on the same bounds. */
export interface Seen {
  layout: Histogram['layout'];
  bounds: readonly number[];
  stable: readonly number[];
  canary: readonly number[];
}

/** Requests slower than what was stable's quantile, in both arms. */
export interface Threshold extends Comparison {
  quantile: number;
  /** the limit above which a request was slow in the last window counted, in the unit of the histogram; 0 before the first */
  limit: number;
  /**
   * in some window since evidence of safety began, the buckets could not tell the limit from the limit with tolerance.
   * Such windows count, as interpolated, unless the metric requires a proof
   */
  vague: boolean;
}

const NOTHING: LatencyData = {
  seen: { layout: 'classic', bounds: [], stable: [0], canary: [0] },
  thresholds: [],
};

export function isLatencyData(data: unknown): data is LatencyData {
  if (!isObject(data)) return false;
  const { seen, thresholds } = data;
  return isSeen(seen) && Array.isArray(thresholds) && thresholds.every(isThreshold);
}

function isSeen(value: unknown): value is Seen {
  if (typeof value !== 'object' || value === null) return false;
  const { layout, bounds, stable, canary } = value as Record<keyof Seen, unknown>;
  if (layout !== 'classic' && layout !== 'native') return false;
  if (!Array.isArray(bounds) || !bounds.every((bound) => Number.isFinite(bound))) return false;
  return [stable, canary].every(
    (counts) => Array.isArray(counts) && counts.length === bounds.length + 1 && counts.every(isAmount),
  );
}

function isThreshold(value: unknown): value is Threshold {
  if (!isComparison(value)) return false;
  const data: Partial<Record<keyof Threshold, unknown>> = value;
  return isAmount(data.quantile) && isAmount(data.limit) && typeof data.vague === 'boolean';
}

export const { read: readLatency } = stored('latency', isLatencyData, NOTHING);

export function writeLatency(data: LatencyData): MetricState {
  return { version: VERSION, type: 'latency', data: { ...data } };
}

/** The dispersion that a former release learnt; each quantile has its own. */
export function inheritedLatency(state: MetricState, { quantiles }: LatencyMetric): MetricState | undefined {
  const former = readLatency(state).thresholds.filter(({ windows }) => windows > 0);
  if (former.length === 0) return undefined;
  const fresh = forQuantiles(NOTHING, quantiles);
  const thresholds = fresh.thresholds.map((threshold) => {
    const same = former.find(({ quantile: of }) => of === threshold.quantile);
    return same === undefined ? threshold : inherit(threshold, learnt(same));
  });
  return writeLatency({ ...fresh, thresholds });
}

/** Until something is counted, the history of stable can still say what is slow and how much that varies. */
export function wantsLatencyHistory({ thresholds }: LatencyData): boolean {
  return thresholds.every(({ windows }) => windows === 0);
}

export const pardonLatency = (data: LatencyData): LatencyData => ({
  ...data,
  thresholds: data.thresholds.map((threshold) => pardon(threshold)),
});

/** Evidence of harm is kept, evidence of safety only with `keepSafe`. */
export function nextLatencyStep(data: LatencyData, { keepSafe }: { keepSafe: boolean }): LatencyData {
  const thresholds = data.thresholds.map((threshold) => ({
    ...nextStep(threshold, { keepSafe }),
    vague: keepSafe && threshold.vague,
  }));
  return { ...data, thresholds };
}

/** The data for exactly these quantiles: if the template has other quantiles now, their statistics start again. */
export function forQuantiles(data: LatencyData, quantiles: readonly number[]): LatencyData {
  const same =
    data.thresholds.length === quantiles.length &&
    data.thresholds.every((threshold, i) => threshold.quantile === quantiles[i]);
  if (same) return data;
  return {
    ...data,
    thresholds: quantiles.map((q) => ({
      ...NO_COMPARISON,
      calibration: { ...NO_CALIBRATION, coarse: true },
      quantile: q,
      limit: 0,
      vague: false,
    })),
  };
}

/** Takes over what history says about stable's quantiles, dispersion and ranks; frozen once a window is counted. */
export function calibratedLatency(
  data: LatencyData,
  history: LatencyHistory,
  basis: { seconds: number; rho: number; seed: string },
  { harmMargin }: Pick<LatencyMetric, 'harmMargin'>,
): LatencyData {
  if (!wantsLatencyHistory(data)) return data;
  const quantiles = data.thresholds.map((threshold) => threshold.quantile);
  const factor = 1 + harmMargin.relative;
  const { last, histories } = exceedances(history, { quantiles, factor, seconds: basis.seconds });
  if (total(last) <= 0) return data;
  const seen = { ...NOTHING.seen, layout: last.layout, bounds: last.bounds, stable: last.counts.map(digits) };
  return {
    seen: { ...seen, canary: last.counts.map(() => 0) },
    thresholds: data.thresholds.map((threshold, i) => {
      const own = histories[i];
      return own === undefined ? threshold : calibrated(threshold, own, { ...basis, coarse: true });
    }),
  };
}

export interface LatencyWindow {
  canary: Histogram;
  stable: Histogram;
  /** the same pod by pod, if the pods can be told apart */
  pods?: LatencyPods;
  metric: LatencyMetric;
  /** users stay with one version */
  sticky: boolean;
  /** length of the window */
  seconds: number;
  /** margin on the share of slow requests for the move to the next weight; absent: only the strict margin counts */
  scaledMargin?: Margin;
}

export interface LatencyPods {
  canary: Record<string, Histogram>;
  stable: Record<string, Histogram>;
}

/**
 * The statistics after one more window. What counts as slow was decided before this window, by stable's past only, so
 * that chance in this window cannot choose its own limit. A first window without a past only decides what is slow in the
 * next one.
 */
export function addLatency(data: LatencyData, window: LatencyWindow): LatencyData {
  const past: Buckets = { layout: data.seen.layout, bounds: data.seen.bounds, counts: data.seen.stable };
  const factor = 1 + window.metric.harmMargin.relative;
  const thresholds = data.thresholds.map((threshold) => {
    const limit = quantile(past, threshold.quantile);
    if (limit === undefined) return threshold;
    return addExceedances(threshold, { limit, slow: slowLimits(past, limit, factor) }, window);
  });
  return { seen: seenAfter(data.seen, window), thresholds };
}

interface Limits {
  /** stable's quantile */
  limit: number;
  /** what the harm test counts */
  slow: SlowLimits;
}

function addExceedances(threshold: Threshold, { limit, slow }: Limits, window: LatencyWindow): Threshold {
  const { canary, stable, pods, seconds, scaledMargin } = window;
  const { harmMargin, safeMargin, requireProof } = window.metric;
  const safeLimit = limit * (1 + safeMargin.relative);
  const requests = { n1: total(canary), n0: total(stable) };
  const clear = resolves(canary, limit, safeLimit) && resolves(stable, limit, safeLimit);
  const counts = clear || !requireProof;
  const safe = { ...requests, x1: above(canary, safeLimit), x0: above(stable, limit) };
  const after = addCounts(threshold, {
    harm: { ...requests, x1: above(canary, slow.canary), x0: slowStable(stable, slow) },
    safe: counts ? safe : NO_COUNTS,
    seconds,
    harmMargin: window.sticky ? forUsers(harmOnShare(harmMargin)) : harmOnShare(harmMargin),
    safeMargin: safeOnShare(safeMargin),
    ...(scaledMargin === undefined ? {} : { scaledMargin }),
    ...(pods === undefined
      ? {}
      : {
          pods: slowPods(pods, slow),
          safePods: counts ? slowPods(pods, { canary: safeLimit, stable: limit }) : NO_PODS,
        }),
  });
  return { ...compact(after), limit: Number(limit.toPrecision(6)), vague: threshold.vague || !clear };
}

const NO_PODS: PodCounts = { canary: {}, stable: {} };

function slowPods({ canary, stable }: LatencyPods, slow: SlowLimits): PodCounts {
  return {
    canary: countEach(canary, (histogram) => above(histogram, slow.canary)),
    stable: countEach(stable, (histogram) => slowStable(histogram, slow)),
  };
}

function countEach(
  pods: Readonly<Record<string, Histogram>>,
  bad: (histogram: Histogram) => number,
): Record<string, Counts> {
  return Object.fromEntries(
    Object.entries(pods).map(([pod, each]) => [pod, { total: total(each), bad: bad(each) }]),
  );
}

function seenAfter(seen: Seen, { canary, stable, seconds }: LatencyWindow): Seen {
  const { layout, bounds } = seen;
  // An empty histogram on the bounds of the other arm keeps both arms on the same bounds.
  const none = (arm: Histogram): Buckets => ({ ...arm, counts: arm.counts.map(() => 0) });
  const both = (counts: readonly number[], arm: Histogram, other: Histogram): Buckets =>
    weightedSum({ layout, bounds, counts }, decay(seconds), weightedSum(none(other), 1, arm));
  const after = both(seen.stable, stable, canary);
  return withoutEmpty({
    layout: stable.layout,
    bounds: after.bounds,
    stable: after.counts.map(digits),
    canary: both(seen.canary, canary, stable).counts.map(digits),
  });
}

/** Keeps only one of several empty native buckets side by side, because there are many. */
function withoutEmpty(seen: Seen): Seen {
  if (seen.layout === 'classic') return seen;
  const { bounds, stable, canary } = seen;
  const isEmpty = (i: number): boolean => (stable[i] ?? 0) + (canary[i] ?? 0) === 0;
  const kept = (_: number, i: number): boolean => i === bounds.length || !isEmpty(i) || !isEmpty(i + 1);
  return {
    ...seen,
    bounds: bounds.filter(kept),
    stable: stable.filter(kept),
    canary: canary.filter(kept),
  };
}

/**
 * Four significant digits of a decaying sum, and two decimals, are enough and keep the status small; what remains of a
 * request after an hour counts as 0.
 */
function digits(count: number): number {
  return count < 0.01 ? 0 : Number(Number(count.toPrecision(4)).toFixed(2));
}
