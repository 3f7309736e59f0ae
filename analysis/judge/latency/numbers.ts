import { quantile as quantileOf } from '../../stats/histogram.ts';
import { strength } from '../core/calibration.ts';
import { finiteNumbers } from '../core/comparison-text.ts';
import type { LatencyReading, ThresholdReading } from './reading.ts';
import type { LatencyData } from './state.ts';
import { quantileName } from './verdict.ts';

/** The numbers behind a verdict on latency; the numbers of one quantile begin with its name. */
export function latencyNumbers(data: LatencyData, reading: LatencyReading): Record<string, number> {
  const [first] = reading.thresholds;
  const numbers: Record<string, number | undefined> = {
    canaryRequests: first?.data.total.n1,
    stableRequests: first?.data.total.n0,
    evidence: Math.exp(reading.logHarm),
    bar: Math.exp(reading.harmBar),
    safeEvidence: Math.exp(Math.min(...reading.thresholds.map(({ logSafe }) => logSafe))),
    safeBar: Math.exp(reading.safeBar),
    calibration: Math.min(...reading.thresholds.map(({ data: { calibration } }) => strength(calibration))),
    neededCanaryRequests: reading.needed?.requests,
  };
  for (const threshold of reading.thresholds) Object.assign(numbers, ofThreshold(data, threshold));
  return finiteNumbers(numbers);
}

function ofThreshold(
  { seen }: LatencyData,
  { data, evidence, logSafe }: ThresholdReading,
): Record<string, number | undefined> {
  const { quantile, limit, total } = data;
  const { layout, bounds } = seen;
  const at = (counts: readonly number[]): number | undefined =>
    quantileOf({ layout, bounds, counts }, quantile);
  const numbers = {
    Canary: at(seen.canary),
    Stable: at(seen.stable),
    Limit: limit > 0 ? limit : undefined,
    CanaryShare: total.n1 > 0 ? total.x1 / total.n1 : undefined,
    StableShare: total.n0 > 0 ? total.x0 / total.n0 : undefined,
    Evidence: Math.exp(evidence.logHarm),
    SafeEvidence: Math.exp(logSafe),
    Dispersion: evidence.phi,
    RankEvidence: evidence.logRank === undefined ? undefined : Math.exp(evidence.logRank),
  };
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [`${quantileName(quantile)}${name}`, value]),
  );
}
