import type { Histogram, Measurement } from '../../../api/analysis.ts';
import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { isCount } from '../../../lib/count.ts';
import { REASON } from '../../../api/reasons.ts';
import type { LatencyMetric } from '../../../api/kinds/template/kinds/latency.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import { marginForWeight } from '../../stats/exposure.ts';
import { isBuckets, total } from '../../stats/histogram.ts';
import { unopposed, type Seen } from '../core/alone.ts';
import { trafficPerPod } from '../core/calibration.ts';
import { named, type Evaluation, type MetricInput } from '../core/evaluation.ts';
import { latencyNumbers } from './numbers.ts';
import { most, safeOnShare } from './margins.ts';
import type { LatencyReading } from './reading.ts';
import { readingOf } from './reading.ts';
import type { LatencyData, LatencyPods } from './state.ts';
import { addLatency, calibratedLatency, forQuantiles, readLatency, writeLatency } from './state.ts';
import { isSuspected, latencyVerdict } from './verdict.ts';
import { inconclusive, missingVerdict } from '../core/missing.ts';
import { digits, percent } from '../core/text.ts';

/** Sequential two-sample comparison of the shares of slow requests (docs/analysis.md). */
export function judgeLatency(input: MetricInput, metric: LatencyMetric): Evaluation {
  const before = forQuantiles(readLatency(input.previous), metric.quantiles);
  const measured = usable(input.measurement);
  if (measured === undefined) {
    const verdict = missingVerdict(input.measurement);
    return { ...evaluate(before, input, metric), missing: true, verdict: named(input, verdict) };
  }
  const seconds = (input.window.endMs - input.window.startMs) / 1000;
  const { history, canary, stable } = measured;
  const pods = usablePods(measured.pods);
  const rho = (pods && trafficPerPod({ canary: requests(pods.canary), stable: requests(pods.stable) })) ?? 1;
  const basis = { seconds, rho, seed: String(input.window.startMs) };
  const ready = history === undefined ? before : calibratedLatency(before, history, basis, metric);
  const after = addLatency(ready, {
    canary,
    stable,
    metric,
    sticky: input.sticky,
    seconds,
    ...(pods === undefined ? {} : { pods }),
    ...scaledMargin(input, metric),
  });
  const evaluation = evaluate(after, input, metric);
  if (input.alone && total(canary) > 0) return unopposed(evaluation, seenAlone(after, metric));
  if (total(canary) > 0 && total(stable) > 0) return evaluation;
  const idle = total(canary) > 0 ? 'stable' : 'the canary';
  const verdict = inconclusive(REASON.NoData, `no requests reached ${idle} in this window`);
  return { ...evaluation, missing: true, verdict: named(input, verdict) };
}

type Measured = Extract<Measurement, { outcome: 'ok'; kind: 'histograms' }>;

function usable(measurement: Measurement | undefined): Measured | undefined {
  if (measurement?.outcome !== 'ok' || measurement.kind !== 'histograms') return undefined;
  return possible(measurement.canary) && possible(measurement.stable) ? measurement : undefined;
}

const possible = (histogram: Histogram): boolean => isBuckets(histogram) && isCount(total(histogram));

/** If the counts of a pod are impossible, the pods are not told apart at all. */
function usablePods(pods: LatencyPods | undefined): LatencyPods | undefined {
  const all = pods && [...Object.values(pods.canary), ...Object.values(pods.stable)];
  return all?.every(possible) === true ? pods : undefined;
}

function requests(pods: Readonly<Record<string, Histogram>>): Record<string, { total: number; bad: number }> {
  return Object.fromEntries(Object.entries(pods).map(([pod, each]) => [pod, { total: total(each), bad: 0 }]));
}

/**
 * For any step but the last, the share of slow requests may exceed stable's by more: at a small weight only a small part
 * of users bears it. The limit for how slow a request may be stays, because a slow request is as bad for its user at any
 * weight.
 */
function scaledMargin({ nextWeight }: MetricInput, { safeMargin }: LatencyMetric): { scaledMargin?: Margin } {
  if (nextWeight === undefined || nextWeight >= 100) return {};
  return { scaledMargin: marginForWeight(safeOnShare(safeMargin), nextWeight) };
}

function evaluate(data: LatencyData, input: MetricInput, metric: LatencyMetric): Evaluation {
  const { risk } = input.bound.bound.template;
  const bars = { harmBar: -Math.log(risk.harm), safeBar: -Math.log(risk.safe) };
  const margins = { safeMargin: safeOnShare(metric.safeMargin), ...scaledMargin(input, metric) };
  const reading = readingOf(data, { ...bars, ...margins, nextWeight: input.nextWeight });
  const verdict: Verdict = {
    ...latencyVerdict(data, reading, metric),
    numbers: latencyNumbers(data, reading),
  };
  return {
    state: writeLatency(data),
    verdict: named(input, verdict),
    missing: false,
    harm: reading.overBar,
    suspected: isSuspected(reading),
    tolerable: !reading.unknown && isTolerable(reading, metric),
  };
}

/** Every share of slow requests seen in the step lies within the safe margin. */
function isTolerable({ thresholds }: LatencyReading, { safeMargin }: LatencyMetric): boolean {
  const margin = safeOnShare(safeMargin);
  return thresholds.every(
    ({ data: { step } }) =>
      step.n1 > 0 && step.n0 > 0 && step.x1 / step.n1 <= most(step.x0 / step.n0, margin),
  );
}

/** The share of requests above stable's earlier quantile; for stable the quantile itself gives that share. */
function seenAlone({ thresholds }: LatencyData, { safeMargin }: LatencyMetric): Seen {
  const shares = thresholds.map(({ quantile, limit, step: { n1, x1 } }) => {
    const within = n1 > 0 && x1 / n1 <= most(1 - quantile, safeOnShare(safeMargin));
    const longest = limit * (1 + safeMargin.relative);
    return {
      within,
      text: `${percent(x1 / n1)} above ${digits(longest)} (p${100 * quantile} of stable before and the margin)`,
    };
  });
  const told = shares.find(({ within }) => !within) ?? shares[0];
  const known = thresholds.some(({ step }) => step.n1 > 0);
  const text =
    known && told !== undefined ? `canary ${told.text}` : 'nothing known of what stable took before';
  return { text, within: shares.every(({ within }) => within) };
}
