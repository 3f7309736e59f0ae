import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { ErrorRateMetric } from '../../../api/kinds/template/kinds/error-rate.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import type { Tick } from '../../stats/bet.ts';
import { harmTick, logHarm } from '../../stats/process.ts';
import { fourDecimals } from '../../stats/rounding.ts';
import { isUnknown, levelAfter, levels, RAISED_BAR, trafficPerPod } from '../core/calibration.ts';
import { calibrated, NO_COUNTS, plus } from '../core/comparison.ts';
import { named, type Evaluation, type MetricInput } from '../core/evaluation.ts';
import { inconclusive, missingVerdict } from '../core/missing.ts';
import { arms, evidence as amount } from '../core/text.ts';
import type { ErrorRateData, WarmingData } from './state.ts';
import { brokenWith, readErrorRate, tickOf, writeErrorRate } from './state.ts';
import { isBroken } from './verdict.ts';

/** Cold pods may fail five times as often as stable, and two requests in a hundred more. */
const WARMUP_MARGIN: Margin = { relative: 4, absolute: 0.02 };

/** Errors of cold pods can only fail, against the wider margin. */
export function judgeWarmingErrors(input: MetricInput, metric: ErrorRateMetric): Evaluation {
  const before = readErrorRate(input.previous);
  const { measurement } = input;
  const measured = measurement?.outcome === 'ok' && measurement.kind === 'counts' ? measurement : undefined;
  const tick = measured && tickOf(measured.canary, measured.stable);
  if (measured === undefined || tick === undefined) {
    const verdict = named(input, missingVerdict(measurement));
    return { state: writeErrorRate(before), missing: true, verdict };
  }
  const seconds = (input.window.endMs - input.window.startMs) / 1000;
  const { history, pods } = measured;
  const rho = (pods && trafficPerPod(pods)) ?? before.rho;
  const seed = String(input.window.startMs);
  const ready = history === undefined ? before : calibrated(before, history, { seconds, rho, seed });
  const after: ErrorRateData = {
    ...ready,
    broken: brokenWith(ready, tick, input.alone),
    warming: counted(ready, { tick, margin: marginOf(metric), seconds, untilMs: input.window.endMs }),
  };
  return evaluate(after, input);
}

/** A metric whose own margin is wider keeps its own margin. */
const marginOf = ({ harmMargin }: ErrorRateMetric): Margin => ({
  relative: Math.max(harmMargin.relative, WARMUP_MARGIN.relative),
  absolute: Math.max(harmMargin.absolute, WARMUP_MARGIN.absolute),
});

function counted(
  data: ErrorRateData,
  { tick, margin, seconds, untilMs }: { tick: Tick; margin: Margin; seconds: number; untilMs: number },
): WarmingData {
  const { phis, harm, total, windows } = data.warming ?? {
    phis: levels(data.calibration, data.rho).map(({ harm }) => harm),
    harm: [],
    total: NO_COUNTS,
    windows: 0,
  };
  return {
    phis,
    windows: windows + 1,
    untilMs,
    harm: phis.map((phi, i) => harmTick(harm[i] ?? [], tick, { margin, phi }, seconds).map(fourDecimals)),
    total: plus(total, tick),
  };
}

/** The evidence at the dispersion that holds now, or at the next larger level. */
function logOf(data: ErrorRateData): number {
  const { calibration, residuals, rho, warming } = data;
  if (warming === undefined) return 0;
  const unknown = isUnknown(calibration, residuals);
  const level = unknown ? -1 : levelAfter(calibration, warming.windows, residuals);
  const phi = levels(calibration, rho).at(level)?.harm ?? 1;
  const at = warming.phis.findIndex((each) => each >= phi);
  return logHarm(warming.harm.at(at) ?? []);
}

function evaluate(data: ErrorRateData, input: MetricInput): Evaluation {
  const raised = isUnknown(data.calibration, data.residuals) ? RAISED_BAR : 0;
  const bar = raised - Math.log(input.bound.bound.template.risk.harm);
  const log = logOf(data);
  const broken = isBroken(data);
  return {
    state: writeErrorRate(data),
    missing: false,
    harm: log - bar,
    broken,
    verdict: named(input, verdictOf(data, { log, bar, broken })),
  };
}

function verdictOf(
  { warming }: ErrorRateData,
  { log, bar, broken }: { log: number; bar: number; broken: boolean },
): Verdict {
  const total = warming?.total ?? NO_COUNTS;
  const numbers = {
    canaryRequests: total.n1,
    canaryBad: total.x1,
    stableRequests: total.n0,
    stableBad: total.x0,
  };
  const seen = `${arms(total)} while most canary pods are warming up`;
  if (broken) {
    const sentence = `${seen}: the canary answered mostly errors in several windows in a row`;
    return { result: 'fail', reason: REASON.CircuitBreaker, sentence, numbers };
  }
  const proof = `evidence ${amount(log)} against a bar of ${amount(bar)}, with the wider margin of cold pods`;
  if (log >= bar) {
    const sentence = `${seen}: harm is certain enough to stop (${proof})`;
    return { result: 'fail', reason: REASON.HarmDetected, sentence, numbers };
  }
  return inconclusive(REASON.WarmingUp, `${seen}: no harm shown (${proof})`, numbers);
}
