import type { MetricVerdict, Verdict } from '../../api/analysis.ts';
import { REASON } from '../../api/reasons.ts';
import type { ErrorRateMetric, Margin } from '../../api/template.ts';
import type { Tick } from '../stats/bet.ts';
import { informs } from '../stats/bet.ts';
import { marginForWeight } from '../stats/exposure.ts';
import { ratioInterval } from '../stats/interval.ts';
import { moreRequests } from '../stats/needed.ts';
import { strength, trafficPerPod } from './calibration.ts';
import type { Evidence } from './comparison.ts';
import { calibrated, evidenceOf } from './comparison.ts';
import type { ErrorRateData } from './error-rate-state.ts';
import { addWindow, readErrorRate, tickOf, writeErrorRate } from './error-rate-state.ts';
import type { Evaluation, MetricInput } from './evaluation.ts';
import { addFixed, fixedVerdict } from './fixed-horizon.ts';
import { inconclusive, missingVerdict } from './missing.ts';
import { arms, count, evidence as amount } from './text.ts';

/** Windows in a row of mostly errors that stop a release without statistics. */
const BREAKER_WINDOWS = 2;
const INTERVAL_ALPHA = 0.05;

/** Sequential two-sample comparison of error rates (docs/analysis.md). */
export function judgeErrorRate(input: MetricInput, metric: ErrorRateMetric): Evaluation {
  const before = readErrorRate(input.previous);
  const { measurement } = input;
  const measured =
    measurement?.outcome === 'ok' && measurement.kind === 'errorRate' ? measurement : undefined;
  const tick = measured && tickOf(measured.canary, measured.stable);
  if (measured === undefined || tick === undefined) {
    const verdict = missingVerdict(measurement);
    return { ...evaluate(before, input, metric), missing: true, verdict: named(input, verdict) };
  }
  const seconds = (input.window.endMs - input.window.startMs) / 1000;
  const { history, pods } = measured;
  const rho = (pods && trafficPerPod(pods)) ?? 1;
  const seed = String(input.window.startMs);
  const ready = history === undefined ? before : calibrated(before, history, { seconds, rho, seed });
  const added = addWindow(ready, tick, {
    metric,
    seconds,
    ...(pods === undefined ? {} : { pods }),
    ...scaledMargin(input, metric),
  });
  const after = withLooks(added, tick, input, metric);
  const evaluation = evaluate(after, input, metric);
  if (informs(tick)) return evaluation;
  const idle = tick.n1 > tick.n0 ? 'stable' : 'the canary';
  const verdict = inconclusive(REASON.NoData, `no requests reached ${idle} in this window`);
  return { ...evaluation, missing: true, verdict: named(input, verdict) };
}

/** The counts of a test at planned looks; the sequential one has none. */
function withLooks(
  data: ErrorRateData,
  tick: Tick,
  { window, steps, bound }: MetricInput,
  { test }: ErrorRateMetric,
): ErrorRateData {
  if (test.method === 'sequential') return data;
  const setting = { test, ms: window.endMs - window.startMs, risk: bound.bound.template.risk.harm, steps };
  return { ...data, fixed: addFixed(data.fixed, tick, setting) };
}

/** For any step but the last: the margin that the next weight allows. */
function scaledMargin(input: MetricInput, metric: ErrorRateMetric): { scaledMargin?: Margin } {
  const { nextWeight } = input;
  if (nextWeight === undefined || nextWeight >= 100) return {};
  return { scaledMargin: marginForWeight(metric.safeMargin, nextWeight) };
}

function evaluate(data: ErrorRateData, input: MetricInput, metric: ErrorRateMetric): Evaluation {
  const { risk } = input.bound.bound.template;
  const evidence = evidenceOf(data);
  const bars = { harmBar: -Math.log(risk.harm), safeBar: -Math.log(risk.safe) };
  const reading: Reading = {
    ...evidence,
    ...bars,
    nextWeight: input.nextWeight,
    needed: neededRequests(data, evidence, { ...metric, ...scaledMargin(input, metric) }, bars.safeBar),
  };
  const sequential = metric.test.method === 'sequential';
  const broken = data.broken >= BREAKER_WINDOWS;
  const verdict = broken ? brokenVerdict(data) : conclude(data, reading, metric);
  const numbers = {
    ...countNumbers(data, reading.phi),
    ...(sequential ? evidenceNumbers(reading) : {}),
    ...verdict.numbers,
  };
  return {
    state: writeErrorRate(data),
    verdict: named(input, { ...verdict, numbers: finite(numbers) }),
    missing: false,
    ...(sequential ? { harm: overBar(data, reading) } : { stops: verdict.result === 'fail' }),
    broken,
    tolerable: seenWithin(data, metric.safeMargin),
  };
}

function conclude(data: ErrorRateData, reading: Reading, { test }: ErrorRateMetric): Conclusion {
  return test.method === 'sequential' ? compare(data, reading) : fixedVerdict(data.fixed, test);
}

/** The rates of this step as they were seen, proven or not. */
function seenWithin({ step, broken }: ErrorRateData, { relative, absolute }: Margin): boolean {
  const { n1, x1, n0, x0 } = step;
  return broken === 0 && informs(step) && x1 / n1 <= (x0 / n0) * (1 + relative) + absolute;
}

/** ln of harm over its bar; without the concurrence of the ranks it stays below. */
function overBar({ concurs }: ErrorRateData, { logHarm, harmBar }: Reading): number {
  return concurs ? logHarm - harmBar : Math.min(logHarm - harmBar, -1e-9);
}

/** Canary requests until either margin is proven, at the rates seen. */
function neededRequests(
  data: ErrorRateData,
  { safe, scaled, safePhi: phi }: Evidence,
  margins: { safeMargin: Margin; scaledMargin?: Margin },
  bar: number,
): number | undefined {
  const strict = moreRequests(safe, data.step, { margin: margins.safeMargin, phi }, bar);
  const { scaledMargin: margin } = margins;
  const eased = margin && moreRequests(scaled, data.step, { margin, phi }, bar);
  return strict === undefined || eased === undefined ? (strict ?? eased) : Math.min(strict, eased);
}

interface Reading extends Evidence {
  harmBar: number;
  safeBar: number;
  nextWeight: number | undefined;
  /** canary requests until safe, at the rates seen */
  needed: number | undefined;
}

type Conclusion = Omit<Verdict, 'numbers'> & Partial<Pick<Verdict, 'numbers'>>;

function brokenVerdict(data: ErrorRateData): Conclusion {
  const sentence = `${arms(data.total)}: the canary answered mostly errors in ${BREAKER_WINDOWS} windows in a row while stable was fine`;
  return { result: 'fail', reason: REASON.CircuitBreaker, sentence };
}

function compare(data: ErrorRateData, reading: Reading): Conclusion {
  const { logHarm: harm, logSafe: safe, harmBar, safeBar } = reading;
  if (overBar(data, reading) >= 0) {
    const sentence = `${arms(data.total)}: harm is certain enough to stop (evidence ${amount(harm)} against a bar of ${amount(harmBar)})`;
    return { result: 'fail', reason: REASON.HarmDetected, sentence };
  }
  if (safe >= safeBar) {
    const sentence = `${arms(data.step)} in this step: safely within the margin (evidence ${amount(safe)} against a bar of ${amount(safeBar)})`;
    return { result: 'pass', reason: REASON.SafeProven, sentence };
  }
  if (reading.logScaled >= safeBar) {
    const sentence = `${arms(data.step)} in this step: safe enough for the next weight of ${reading.nextWeight ?? 100}% (evidence ${amount(reading.logScaled)} against a bar of ${amount(safeBar)})`;
    return { result: 'pass', reason: REASON.SafeProven, sentence };
  }
  const doubt = harm >= harmBar ? ', but single stable pods are as bad' : '';
  const evidenceText = `harm ${amount(harm)} of ${amount(harmBar)}${doubt}, safe ${amount(Math.max(safe, reading.logScaled))} of ${amount(safeBar)}`;
  const sentence = `${arms(data.step)} in this step: not decided yet (${evidenceText}); ${neededText(reading.needed)}`;
  return { result: 'inconclusive', reason: REASON.MoreDataNeeded, sentence };
}

function neededText(needed: number | undefined): string {
  if (needed === undefined) return 'at these rates more requests alone will not prove it safe';
  return needed < 10
    ? 'a few more canary requests needed'
    : `≈${count(roundUp(needed))} more canary requests needed`;
}

/** Two significant digits: the forecast is no better than that. */
function roundUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.ceil(value / unit) * unit;
}

type Numbers = Record<string, number | undefined>;

function countNumbers({ total, step, pool, calibration }: ErrorRateData, phi: number): Numbers {
  const interval = ratioInterval(pool, phi, INTERVAL_ALPHA);
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
    ratio: total.n1 > 0 && total.x0 > 0 ? total.x1 / total.n1 / (total.x0 / total.n0) : undefined,
    ratioLow: interval.low,
    ratioHigh: interval.high,
    dispersion: phi,
    calibration: strength(calibration),
  };
}

function evidenceNumbers(reading: Reading): Numbers {
  return {
    evidence: Math.exp(reading.logHarm),
    bar: Math.exp(reading.harmBar),
    safeEvidence: Math.exp(Math.max(reading.logSafe, reading.logScaled)),
    safeBar: Math.exp(reading.safeBar),
    rankEvidence: reading.logRank === undefined ? undefined : Math.exp(reading.logRank),
    neededCanaryRequests: reading.needed,
  };
}

/** JSON knows no Infinity: what is not finite is left out, what is huge is shortened. */
function finite(numbers: Numbers): Record<string, number> {
  const kept: Record<string, number> = {};
  for (const [name, value] of Object.entries(numbers)) {
    if (value === undefined || Number.isNaN(value)) continue;
    if (value === Infinity && name === 'ratioHigh') continue;
    kept[name] = value > 1e12 ? 1e12 : Number(value.toPrecision(6));
  }
  return kept;
}

function named({ bound }: MetricInput, verdict: Verdict): MetricVerdict {
  return { metric: bound.key, critical: bound.metric.critical, dryRun: bound.metric.dryRun, ...verdict };
}
