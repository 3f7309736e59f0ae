import type { Margin } from '../../../api/kinds/template/margins.ts';
import { logSumExp } from '../../stats/logspace.ts';
import { isUnknown } from '../core/calibration.ts';
import type { Evidence } from '../core/comparison.ts';
import { evidenceOf } from '../core/comparison.ts';
import type { LatencyData, Threshold } from './state.ts';
import type { Needed } from '../core/needed.ts';
import { later, neededFor, NOTHING_MORE } from '../core/needed.ts';

/** What the statistics say, all thresholds together. */
export interface LatencyReading {
  thresholds: readonly ThresholdReading[];
  harmBar: number;
  safeBar: number;
  nextWeight: number | undefined;
  /** ln of the weighted mean of the thresholds' evidence of harm, which is evidence itself */
  logHarm: number;
  /** ln of the part of it that may stop a release, over its bar: a threshold that its rank twin contradicts does not count */
  overBar: number;
  /** a threshold has no calibration */
  unknown: boolean;
  /** ln of the evidence of harm at the dispersion known so far; more than `logHarm` only where a threshold has none */
  logSuspected: number;
  /** what is needed until every threshold is safe, at the shares seen; `undefined`: they would never be */
  needed: Needed | undefined;
}

export interface ThresholdReading {
  data: Threshold;
  evidence: Evidence;
  /** ln of its part of the evidence of harm */
  logShare: number;
  /** ln of the evidence of safety that counts */
  logSafe: number;
}

interface Setting {
  harmBar: number;
  safeBar: number;
  /** margins on the share of slow requests: the strict one, and */
  safeMargin: Margin;
  /** that for the move to the next weight; absent: only the strict margin counts */
  scaledMargin?: Margin;
  nextWeight: number | undefined;
}

export function readingOf({ thresholds }: LatencyData, setting: Setting): LatencyReading {
  const weights = weightsOf(thresholds.map(({ quantile }) => quantile));
  const readings = thresholds.map((data, i): ThresholdReading => {
    const evidence = evidenceOf(data);
    const logShare = Math.log(weights[i] ?? 0) + evidence.logHarm;
    return { data, evidence, logShare, logSafe: Math.max(evidence.logSafe, evidence.logScaled) };
  });
  const counting = readings.map(({ data, evidence: { logHarm, raised }, logShare }) =>
    data.concurs ? logShare - raised : logShare - Math.max(0, logHarm),
  );
  const suspected = readings.map(
    ({ data, evidence: { logHarm, logSuspected = logHarm } }, i) =>
      Math.log(weights[i] ?? 0) + (data.concurs ? logSuspected : Math.min(0, logSuspected)),
  );
  const { harmBar, safeBar, nextWeight } = setting;
  return {
    thresholds: readings,
    harmBar,
    safeBar,
    nextWeight,
    logHarm: logSumExp(readings.map(({ logShare }) => logShare)),
    overBar: logSumExp(counting) - harmBar,
    logSuspected: logSumExp(suspected),
    unknown: thresholds.some(({ calibration, residuals }) => isUnknown(calibration, residuals)),
    needed: neededOf(readings, setting),
  };
}

const USUAL = [0.5, 0.95, 0.99];
const USUAL_WEIGHTS = [0.25, 0.35, 0.4];

/** The tail weighs more: there a bad canary usually shows first. */
function weightsOf(quantiles: readonly number[]): readonly number[] {
  const usual = quantiles.length === USUAL.length && quantiles.every((q, i) => q === USUAL[i]);
  return usual ? USUAL_WEIGHTS : quantiles.map(() => 1 / quantiles.length);
}

function neededOf(readings: readonly ThresholdReading[], setting: Setting): Needed | undefined {
  const { safeBar } = setting;
  return readings
    .filter(({ logSafe }) => logSafe < safeBar)
    .map(({ data, evidence }) => neededFor(data, evidence, setting, safeBar))
    .reduce(later, NOTHING_MORE);
}

/** The threshold with the most evidence of harm; `undefined` if there is no threshold. */
export function worst({ thresholds }: LatencyReading): ThresholdReading | undefined {
  return thresholds.reduce<ThresholdReading | undefined>(
    (found, each) => (found === undefined || each.logShare > found.logShare ? each : found),
    undefined,
  );
}

/** The threshold that is furthest from being proven safe. */
export function leastSafe({ thresholds }: LatencyReading): ThresholdReading | undefined {
  return thresholds.reduce<ThresholdReading | undefined>(
    (found, each) => (found === undefined || each.logSafe < found.logSafe ? each : found),
    undefined,
  );
}
