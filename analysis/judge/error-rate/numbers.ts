import type { ErrorRateMetric } from '../../../api/kinds/template/kinds/error-rate.ts';
import { ratioInterval } from '../../stats/interval.ts';
import { isUnknown, knowsPods, longDispersion, strength } from '../core/calibration.ts';
import type { ErrorRateData } from './state.ts';
import { ROOM_FOR_USERS } from '../core/sticky.ts';
import type { Reading } from './verdict.ts';

const INTERVAL_ALPHA = 0.05;

type Numbers = Record<string, number | undefined>;

/** The numbers behind the verdict on one error rate (docs/analysis.md). */
export function errorRateNumbers(
  data: ErrorRateData,
  reading: Reading,
  { test, ceiling }: ErrorRateMetric,
): Numbers {
  return {
    ...countNumbers(data),
    ...ratioNumbers(data, reading),
    ...(test.method === 'sequential' ? evidenceNumbers(reading) : {}),
    ...(ceiling === undefined ? {} : ceilingNumbers(reading, ceiling)),
  };
}

function countNumbers({ total, step }: ErrorRateData): Numbers {
  return {
    canaryRequests: total.n1,
    canaryErrors: total.x1,
    canaryRate: total.n1 > 0 ? total.x1 / total.n1 : undefined,
    stableRequests: total.n0,
    stableErrors: total.x0,
    stableRate: total.n0 > 0 ? total.x0 / total.n0 : undefined,
    stepCanaryRequests: step.n1,
    stepCanaryErrors: step.x1,
    stepStableRequests: step.n0,
    stepStableErrors: step.x0,
  };
}

/** Pods may differ by this factor without anybody knowing: the interval leaves room for it. */
const UNKNOWN_PODS = 1.35;

function ratioNumbers(
  { total, pool, calibration, residuals, rho }: ErrorRateData,
  { phi, sticky }: Reading,
): Numbers {
  const widest = Math.max(phi, knowsPods(calibration) ? 1 : longDispersion(calibration, residuals, rho));
  const room = (knowsPods(calibration) ? 1 : UNKNOWN_PODS) * (sticky ? ROOM_FOR_USERS : 1);
  const interval = ratioInterval(pool, widest, INTERVAL_ALPHA);
  const [low, high] = [interval.low / room, interval.high * room];
  return {
    ratio: total.n1 > 0 && total.x0 > 0 ? total.x1 / total.n1 / (total.x0 / total.n0) : undefined,
    ratioLow: low,
    ratioHigh: Number.isFinite(high) ? high : undefined,
    dispersion: phi,
    calibration: strength(calibration),
    podsLeftOut: calibration.kind === 'placebo' ? calibration.leftOut : undefined,
    uncalibrated: isUnknown(calibration, residuals) ? 1 : undefined,
  };
}

function evidenceNumbers(reading: Reading): Numbers {
  return {
    evidence: Math.exp(reading.logHarm),
    bar: Math.exp(reading.harmBar),
    safeEvidence: Math.exp(Math.max(reading.logSafe, reading.logScaled)),
    safeBar: Math.exp(reading.safeBar),
    rankEvidence: reading.logRank === undefined ? undefined : Math.exp(reading.logRank),
    neededCanaryRequests: reading.needed?.requests,
  };
}

function ceilingNumbers({ logCeiling, ceilingBar }: Reading, ceiling: number): Numbers {
  return { ceiling, ceilingEvidence: Math.exp(logCeiling), ceilingBar: Math.exp(ceilingBar) };
}
