import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { LatencyMetric } from '../../../api/kinds/template/kinds/latency.ts';
import type { Tick } from '../../stats/bet.ts';
import { canaryLimit } from '../../stats/slow.ts';
import type { LatencyReading, ThresholdReading } from './reading.ts';
import { leastSafe, worst } from './reading.ts';
import type { LatencyData, Threshold } from './state.ts';
import { neededText } from '../core/needed.ts';
import { count, digits, evidence as amount, percent } from '../core/text.ts';
import { uncalibrated } from '../core/uncalibrated.ts';

type Conclusion = Omit<Verdict, 'numbers'>;

/** The conclusion of a latency metric and the sentence for it. */
export function latencyVerdict(
  data: LatencyData,
  reading: LatencyReading,
  metric: LatencyMetric,
): Conclusion {
  const counted = reading.thresholds.filter(({ data: { windows } }) => windows > 0);
  const [worstOne, leastOne] = [worst(reading), leastSafe(reading)];
  if (counted.length === 0 || worstOne === undefined || leastOne === undefined) return nothingKnown();
  if (reading.overBar >= 0) {
    const text = arms(worstOne.data, worstOne.data.total, harmLimits(data, worstOne.data, metric));
    const sentence = `${text}: harm is certain enough to stop (evidence ${of(reading.logHarm, reading.harmBar)})`;
    return { result: 'fail', reason: REASON.HarmDetected, sentence };
  }
  if (isSuspected(reading)) {
    const text = arms(worstOne.data, worstOne.data.total, harmLimits(data, worstOne.data, metric));
    const shown = `${text}: probably harm (evidence ${of(reading.logSuspected, reading.harmBar)}, but not yet against a higher one)`;
    return uncalibrated(shown, REASON.HarmSuspected);
  }
  const text = `${arms(leastOne.data, leastOne.data.step, safeLimits(leastOne.data, metric))} in this step`;
  if (leastOne.logSafe >= reading.safeBar) {
    const conclusion = safe(text, data, reading, metric);
    return reading.unknown ? uncalibrated(conclusion.sentence, REASON.Uncalibrated) : conclusion;
  }
  return undecided(text, { data, reading, metric, least: leastOne });
}

/** Harm by the template's bar, where a threshold has no calibration and its part of the bar is therefore higher. */
export const isSuspected = ({ unknown, logSuspected, harmBar }: LatencyReading): boolean =>
  unknown && logSuspected >= harmBar;

function nothingKnown(): Conclusion {
  const sentence = 'what stable does in this window tells what is slow in the next; nothing is compared yet';
  return { result: 'inconclusive', reason: REASON.MoreDataNeeded, sentence };
}

/** All thresholds are safe. Each of them could be the one that is not, so the least safe speaks for all. */
function safe(text: string, data: LatencyData, reading: LatencyReading, metric: LatencyMetric): Conclusion {
  const least = leastSafe(reading)?.logSafe ?? 0;
  const evidence = `(evidence at least ${of(least, reading.safeBar)})`;
  const vague = reading.thresholds.find(({ data: threshold }) => threshold.vague);
  if (vague !== undefined && !metric.requireProof) {
    const why = aboveAll(data, vague.data)
      ? 'where exactly is not known'
      : 'between them is only interpolation';
    const sentence = `${text}: no harm detected ${evidence}. This is not proof: ${gap(data, vague.data, metric)}, so ${why}`;
    return { result: 'pass', reason: REASON.NoHarmDetected, sentence };
  }
  const strict = reading.thresholds.every(({ evidence: { logSafe } }) => logSafe >= reading.safeBar);
  const conclusion = strict
    ? 'safely within the margin'
    : `safe enough for the next weight of ${reading.nextWeight ?? 100}%`;
  return { result: 'pass', reason: REASON.SafeProven, sentence: `${text}: ${conclusion} ${evidence}` };
}

function undecided(
  text: string,
  {
    data,
    reading,
    metric,
    least,
  }: { data: LatencyData; reading: LatencyReading; metric: LatencyMetric; least: ThresholdReading },
): Conclusion {
  const { logHarm, harmBar, safeBar, needed } = reading;
  const doubt = logHarm >= harmBar ? ', but single stable pods are as slow' : '';
  const evidence = `harm ${amount(logHarm)} of ${amount(harmBar)}${doubt}, safe ${amount(least.logSafe)} of ${amount(safeBar)}`;
  const why = obstacle(data, least.data, metric);
  const hope = why === undefined ? neededText(needed) : `; ${why}`;
  const sentence = `${text}: not decided yet (${evidence})${hope}`;
  return { result: 'inconclusive', reason: REASON.MoreDataNeeded, sentence };
}

/** An obstacle that more requests do not remove. */
function obstacle(data: LatencyData, threshold: Threshold, metric: LatencyMetric): string | undefined {
  const why = gap(data, threshold, metric);
  if (aboveAll(data, threshold)) return `${why}: add larger buckets`;
  if (!metric.requireProof || !threshold.vague) return undefined;
  return `proof is required, and ${why}: add one there or use native histograms`;
}

/** Stable's quantile is only known to be larger than all bounds. */
function aboveAll({ seen }: LatencyData, { limit }: Threshold): boolean {
  return seen.layout === 'classic' && seen.bounds.at(-1) === limit;
}

function gap(data: LatencyData, threshold: Threshold, { safeMargin }: LatencyMetric): string {
  const { limit } = threshold;
  if (aboveAll(data, threshold)) {
    return `stable's ${name(threshold)} lies above the largest bucket bound of ${digits(limit)}`;
  }
  return `no bucket bound lies from ${digits(limit)} to ${digits(limit * (1 + safeMargin.relative))} (${name(threshold)})`;
}

/** "evidence 31 against a bar of 20" without its first word. */
function of(log: number, bar: number): string {
  return `${amount(log)} against a bar of ${amount(bar)}`;
}

interface ArmLimits {
  canary: number;
  stable: number;
}

/** What the harm test called slow in the last window. */
function harmLimits(
  { seen: { layout, bounds, stable } }: LatencyData,
  { limit }: Threshold,
  { harmMargin }: LatencyMetric,
): ArmLimits {
  const factor = 1 + harmMargin.relative;
  const canary = canaryLimit({ layout, bounds, counts: stable }, limit, factor);
  return { canary, stable: canary / factor };
}

function safeLimits({ limit }: Threshold, { safeMargin }: LatencyMetric): ArmLimits {
  return { canary: limit * (1 + safeMargin.relative), stable: limit };
}

/** "p99: canary 3.1% above 0.55 (31/1000) against 1% of stable above 0.5 (190/19000)" */
function arms(threshold: Threshold, { n1, x1, n0, x0 }: Tick, limits: ArmLimits): string {
  const canary = `canary ${share(x1, n1)} above ${digits(limits.canary)} (${count(x1)}/${count(n1)})`;
  return `${name(threshold)}: ${canary} against ${share(x0, n0)} of stable above ${digits(limits.stable)} (${count(x0)}/${count(n0)})`;
}

function share(slow: number, all: number): string {
  return all > 0 ? percent(slow / all) : 'none';
}

function name({ quantile }: Threshold): string {
  return quantileName(quantile);
}

/** .999 → "p99.9" */
export function quantileName(quantile: number): string {
  return `p${Number((quantile * 100).toPrecision(6))}`;
}
