import type { Counts, History, Measurement } from '../../../api/analysis.ts';
import { REASON } from '../../../api/reasons.ts';
import type { ErrorRateMetric } from '../../../api/kinds/template/kinds/error-rate.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import type { Tick } from '../../stats/bet.ts';
import { informs } from '../../stats/bet.ts';
import { ceilingBar } from '../../stats/ceiling.ts';
import { marginForWeight } from '../../stats/exposure.ts';
import { unopposed, type Seen } from '../core/alone.ts';
import { isUnknown, trafficPerPod } from '../core/calibration.ts';
import { finiteNumbers } from '../core/comparison-text.ts';
import { calibrated, evidenceOf } from '../core/comparison.ts';
import { errorRateNumbers } from './numbers.ts';
import type { ErrorRateData } from './state.ts';
import { addWindow, logCeilingOf, possible, readErrorRate, tickOf, writeErrorRate } from './state.ts';
import type { Reading } from './verdict.ts';
import { errorRateVerdict, isBroken, isSuspected, overBar, overCeiling } from './verdict.ts';
import { named, type Evaluation, type MetricInput } from '../core/evaluation.ts';
import { addFixed } from '../core/fixed-horizon.ts';
import { inconclusive, missingVerdict } from '../core/missing.ts';
import { neededFor } from '../core/needed.ts';
import { settlingMargin } from '../core/settling.ts';
import { forUsers } from '../core/sticky.ts';
import { count, percent } from '../core/text.ts';

/** Sequential two-sample comparison of error rates (docs/analysis.md). */
export function judgeErrorRate(input: MetricInput, metric: ErrorRateMetric): Evaluation {
  const before = readErrorRate(input.previous);
  const { measurement } = input;
  const measured = measurement?.outcome === 'ok' && measurement.kind === 'counts' ? measurement : undefined;
  const tick = measured && tickOf(measured.canary, measured.stable);
  if (measured === undefined || tick === undefined) {
    const verdict = missingVerdict(measurement);
    return { ...evaluate(before, input, metric), missing: true, verdict: named(input, verdict) };
  }
  const after = counted(before, { tick, measured }, input, metric);
  const evaluation = evaluate(after, input, metric);
  if (input.alone && tick.n1 > 0) return unopposed(evaluation, seenAlone(after, metric));
  if (informs(tick)) return evaluation;
  // a ceiling needs no stable requests
  if (evaluation.stops === true) return { ...evaluation, missing: true };
  const idle = tick.n1 > tick.n0 ? 'stable' : 'the canary';
  const verdict = inconclusive(REASON.NoData, `no requests reached ${idle} in this window`);
  return { ...evaluation, missing: true, verdict: named(input, verdict) };
}

type Measured = Extract<Measurement, { outcome: 'ok'; kind: 'counts' }>;

/** The statistics including this window. */
function counted(
  before: ErrorRateData,
  { tick, measured }: { tick: Tick; measured: Measured },
  input: MetricInput,
  metric: ErrorRateMetric,
): ErrorRateData {
  const seconds = (input.window.endMs - input.window.startMs) / 1000;
  const { history } = measured;
  const pods = possiblePods(measured.pods);
  const rho = (pods && trafficPerPod(pods)) ?? 1;
  const seed = String(input.window.startMs);
  const ready = history === undefined ? before : calibrated(before, history, { seconds, rho, seed });
  const added = addWindow(ready, tick, {
    ...metric,
    harmMargin: input.sticky ? forUsers(metric.harmMargin) : metric.harmMargin,
    wider: widerIn(ready, input),
    seconds,
    ...(pods === undefined ? {} : { pods }),
    ...scaledMargin(input, metric),
    alone: input.alone,
  });
  return withPast(withLooks(added, tick, input, metric), history, input);
}

/** The harm margin is wider in the first minutes after warm-up. */
const widerIn = ({ warming }: ErrorRateData, { window }: MetricInput): number =>
  warming === undefined ? 0 : settlingMargin(window.startMs - warming.untilMs);

/** If the counts of a pod are impossible, the pods are not told apart at all. */
function possiblePods(pods: Measured['pods']): Measured['pods'] {
  const all = pods && [...Object.values(pods.canary), ...Object.values(pods.stable)];
  return all?.every(possible) === true ? pods : undefined;
}

/** Adds to the counts of a test at planned looks; the sequential test has none. */
function withLooks(
  data: ErrorRateData,
  tick: Tick,
  { window, steps, bound, alone }: MetricInput,
  { test }: ErrorRateMetric,
): ErrorRateData {
  if (test.method === 'sequential' || alone) return data;
  const setting = { test, ms: window.endMs - window.startMs, risk: bound.bound.template.risk.harm, steps };
  return { ...data, fixed: addFixed(data.fixed, tick, setting) };
}

/** A canary that gets all requests from the beginning is compared with what stable did in the hour before. */
function withPast(data: ErrorRateData, history: History | undefined, { alone }: MetricInput): ErrorRateData {
  if (!alone || history === undefined || data.past !== undefined) return data;
  const sum = (part: keyof Counts) => history.stable.reduce((total, window) => total + window[part], 0);
  const past = { n0: sum('total'), x0: sum('bad') };
  return past.n0 > 0 ? { ...data, past } : data;
}

/** The rate of this step, beside stable's rate earlier in this release or before it. */
function seenAlone(data: ErrorRateData, { safeMargin, ceiling }: ErrorRateMetric): Seen {
  const { n1, x1 } = data.step;
  const { n0, x0 } = data.total.n0 > 0 ? data.total : (data.past ?? data.total);
  const most = Math.min((x0 / n0) * (1 + safeMargin.relative) + safeMargin.absolute, ceiling ?? Infinity);
  const before = n0 > 0 ? `stable ${percent(x0 / n0)} before` : 'nothing known of stable before';
  const text = `canary ${percent(x1 / n1)} errors (${count(x1)}/${count(n1)}) in this step, ${before}`;
  return { text, within: data.broken === 0 && x1 / n1 <= most };
}

/** For any step but the last: the margin that the next weight allows. */
function scaledMargin(input: MetricInput, metric: ErrorRateMetric): { scaledMargin?: Margin } {
  const { nextWeight } = input;
  if (nextWeight === undefined || nextWeight >= 100) return {};
  return { scaledMargin: marginForWeight(metric.safeMargin, nextWeight) };
}

function evaluate(data: ErrorRateData, input: MetricInput, metric: ErrorRateMetric): Evaluation {
  const reading = readingOf(data, input, metric);
  const verdict = errorRateVerdict(data, reading, metric);
  const numbers = { ...errorRateNumbers(data, reading, metric), ...verdict.numbers };
  const fixed = metric.test.method !== 'sequential';
  return {
    state: writeErrorRate(data),
    verdict: named(input, { ...verdict, numbers: finiteNumbers(numbers) }),
    missing: false,
    ...(fixed ? {} : { harm: overBar(data, reading) }),
    stops: overCeiling(reading) || (fixed && verdict.result === 'fail'),
    broken: isBroken(data),
    suspected: !fixed && isSuspected(data, reading),
    tolerable: (fixed || !isUnknown(data.calibration, data.residuals)) && seenWithin(data, metric),
  };
}

function readingOf(data: ErrorRateData, input: MetricInput, metric: ErrorRateMetric): Reading {
  const { risk } = input.bound.bound.template;
  const evidence = evidenceOf(data);
  const bars = { harmBar: evidence.raised - Math.log(risk.harm), safeBar: -Math.log(risk.safe) };
  return {
    ...evidence,
    ...bars,
    nextWeight: input.nextWeight,
    needed: neededFor(data, evidence, { ...metric, ...scaledMargin(input, metric) }, bars.safeBar),
    logCeiling: logCeilingOf(data),
    ceilingBar: ceilingBar(risk.harm),
    alone: input.alone,
    sticky: input.sticky,
    wider: widerIn(data, input),
  };
}

/** The rates of this step as they were seen, proven or not. */
function seenWithin({ step, broken }: ErrorRateData, { safeMargin, ceiling }: ErrorRateMetric): boolean {
  const { n1, x1, n0, x0 } = step;
  const most = Math.min((x0 / n0) * (1 + safeMargin.relative) + safeMargin.absolute, ceiling ?? Infinity);
  return broken === 0 && informs(step) && x1 / n1 <= most;
}
