import type { AnalysisState, MetricVerdict, Verdict } from '../../../api/kinds/release/verdict.ts';
import type { Measurement, Window } from '../../../api/analysis.ts';
import { metricsOf } from '../../../api/bound.ts';
import { REASON } from '../../../api/reasons.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import type { Judged } from './combined.ts';
import { combineHarm, isTolerable } from './combined.ts';
import { kindOfMetric } from '../kinds.ts';
import { deciders, type Measured } from './deciders.ts';
import type { Evaluation, MetricInput } from './evaluation.ts';
import { inconclusive } from './missing.ts';
import { allSafe } from '../rules/all-safe.ts';
import { circuitBreaker } from '../rules/circuit-breaker.ts';
import { failed } from '../rules/failed.ts';
import { harm } from '../rules/harm.ts';
import { moreData } from '../rules/more-data.ts';
import { noData } from '../rules/no-data.ts';
import { nothingToCompare } from '../rules/nothing-to-compare.ts';
import { nothingMeasured } from '../rules/nothing-measured.ts';
import type { JudgeRule } from '../rules/rule.ts';
import { suspected } from '../rules/suspected.ts';
import { unread } from '../rules/unread.ts';
import { withheld } from '../rules/withheld.ts';
import { guarded, isUnread, looked, opened } from './unread.ts';
import { judgeWarming } from './warming.ts';

/**
 * Harm first, then everything that forbids a pass, then the pass, then the rest. The first rule that answers gives the
 * verdict.
 */
const RULES: readonly JudgeRule[] = [
  circuitBreaker,
  failed,
  harm,
  suspected,
  nothingMeasured,
  unread,
  withheld,
  noData,
  allSafe,
  nothingToCompare,
  moreData,
];

/**
 * The statistics at the beginning of a step: evidence of harm is kept, evidence of safety and the time in the step start
 * again. Templates with `safeEvidence: cumulative` keep their evidence of safety.
 */
export function startStep(
  previous: AnalysisState | undefined,
  step: number,
  templates: readonly BoundTemplate[] = [],
): AnalysisState {
  const bound = new Map(metricsOf(templates).map((each) => [each.key, each.bound.template]));
  const metrics = Object.entries(previous?.metrics ?? {}).map(([key, state]) => {
    const keepSafe = bound.get(key)?.safeEvidence === 'cumulative';
    const { unread: lost, ...read } = opened(state, state.type);
    const next = kindOfMetric(read).memory.nextStep(read, { keepSafe });
    return [key, lost === undefined ? next : { ...next, unread: lost }] as const;
  });
  return {
    version: 1,
    step,
    ...untilOf(previous),
    gaps: 0,
    metrics: Object.fromEntries(metrics),
    verdicts: [],
  };
}

/** Windows that were judged stay judged, whatever step they were in. */
function untilOf({ measuredUntilMs, dataUntilMs }: Partial<AnalysisState> = {}): Partial<AnalysisState> {
  return {
    ...(measuredUntilMs === undefined ? {} : { measuredUntilMs }),
    ...(dataUntilMs === undefined ? {} : { dataUntilMs }),
  };
}

/** Metrics that may decide, and whose stored statistics cannot be read, or could not be and no human has looked since. */
export function unreadableIn(
  state: AnalysisState | undefined,
  templates: readonly BoundTemplate[] = [],
): string[] {
  const deciding = metricsOf(templates).filter(({ metric }) => !metric.dryRun);
  return deciding
    .filter(({ key, metric }) => isUnread(state?.metrics[key], metric.type))
    .map(({ key }) => key);
}

/** A human has looked at what cannot be read: it is dropped, and counting begins again without it. */
export function lookedAt(state: AnalysisState, templates: readonly BoundTemplate[] = []): AnalysisState {
  const known = metricsOf(templates).flatMap(({ key, metric: { type } }) => {
    const stored = state.metrics[key];
    return stored === undefined ? [] : [[key, looked(stored, type)] as const];
  });
  return { ...state, metrics: { ...state.metrics, ...Object.fromEntries(known) } };
}

/** A human saw what is suspected of harm and let the release go on: only evidence from now on counts against it. */
export function pardoned(state: AnalysisState): AnalysisState {
  const metrics = Object.entries(state.metrics).map(
    ([key, each]) => [key, kindOfMetric(each).memory.pardoned?.(each) ?? each] as const,
  );
  return { ...state, metrics: Object.fromEntries(metrics) };
}

/** Until the first window with data, the judge wants the history of the stable arm to calibrate (measure's `calibrate`). */
export function wantsHistory(state: AnalysisState | undefined): boolean {
  const known = Object.values(state?.metrics ?? {});
  return known.length === 0 || known.some((each) => kindOfMetric(each).memory.wantsHistory?.(each) === true);
}

export interface JudgeInput {
  templates: readonly BoundTemplate[];
  /** of exactly this window; a metric that is missing here counts as not measured */
  measurements: readonly Measurement[];
  window: Window;
  /**
   * percent the canary gets once this step passes (100: promotion). Below 100 a step that lasted five minutes may also
   * pass within the wider margin that such a small share allows; absent: only within the strict one.
   */
  nextWeight?: number;
  /** steps the release has; 1 if absent. Methods with a limited number of looks split their risk over all steps. */
  steps?: number;
  /** all requests go to the canary: metrics that compare can check it against limits, but cannot prove anything */
  alone?: boolean;
  /** users stay with one version, by cookie or match; absent: each request is split by itself */
  sticky?: boolean;
  /** most canary pods were cold: only errors are judged, with the warm-up margin, and they can only fail */
  warming?: boolean;
}

/**
 * One closed window: statistics and verdicts after it. A window that does not lie after the last one judged changes
 * nothing and is never counted twice.
 */
export function judgeWindow(
  state: AnalysisState,
  input: JudgeInput,
): { state: AnalysisState; verdict: Verdict } {
  const { templates, measurements, window, nextWeight, steps = 1, alone = false } = input;
  const { sticky = false, warming = false } = input;
  if (window.startMs < (state.measuredUntilMs ?? -Infinity)) {
    return { state, verdict: inconclusive(REASON.MoreDataNeeded, 'this window was judged before') };
  }
  const measured = metricsOf(templates).map((bound): Asked => {
    const measurement = measurements.find(({ metric }) => metric === bound.key);
    const previous = state.metrics[bound.key];
    const asked = { bound, previous, measurement, window, nextWeight, steps, alone, sticky };
    return { bound, measurement, evaluation: guarded(asked, warming ? judgeWarming : evaluate) };
  });
  if (warming) return warmingWindow(state, measured, window);
  const judged = alone ? each(measured) : deciders(measured);
  return {
    verdict: conclude(judged, alone),
    state: {
      version: 1,
      step: state.step,
      measuredUntilMs: window.endMs,
      ...dataUntil(state, measured, window),
      gaps: judged.some(({ opinion }) => opinion.missing) ? state.gaps + 1 : 0,
      metrics: Object.fromEntries(measured.map(({ bound, evaluation }) => [bound.key, evaluation.state])),
      verdicts: verdictsOf(measured, judged),
    },
  };
}

interface Asked extends Measured {
  measurement: Measurement | undefined;
}

/** A window in which most canary pods were cold: it proves no safety, and the evidence of ordinary windows does not change. */
function warmingWindow(
  state: AnalysisState,
  measured: readonly Asked[],
  window: Window,
): { state: AnalysisState; verdict: Verdict } {
  const judged = each(measured.filter(({ bound }) => kindOfMetric(bound.metric).judgeWarming !== undefined));
  const verdict = concludeWarming(judged);
  const metrics = measured.map(({ bound, evaluation }) => [bound.key, evaluation.state] as const);
  return {
    verdict,
    state: {
      ...state,
      measuredUntilMs: window.endMs,
      ...dataUntil(state, measured, window),
      gaps: judged.some(({ opinion }) => opinion.missing) ? state.gaps + 1 : 0,
      metrics: { ...state.metrics, ...Object.fromEntries(metrics) },
      verdicts: measured.map(({ evaluation }) => evaluation.verdict),
    },
  };
}

const HARM_ONLY: readonly JudgeRule[] = [circuitBreaker, harm];

function concludeWarming(judged: readonly Judged[]): Verdict {
  const deciding = judged.map(({ opinion }) => opinion);
  const combined = combineHarm(judged);
  for (const rule of HARM_ONLY) {
    const verdict = rule.judge({ deciding, combined });
    if (verdict !== undefined) return verdict;
  }
  const told = deciding.find(({ missing }) => missing) ?? deciding[0];
  if (told === undefined)
    return inconclusive(
      REASON.WarmingUp,
      'most canary pods are warming up, and no metric counts errors meanwhile',
    );
  const { result, sentence, numbers } = told.verdict;
  // a metric that may not stop the release does not withhold the pass yet
  const reason = result === 'fail' || !told.missing ? REASON.WarmingUp : told.verdict.reason;
  return inconclusive(reason, sentence, numbers);
}

/**
 * The end of the last window in which every metric that may stop the release had data. An arm without requests is not a
 * gap; an answer that cannot be used is.
 */
function dataUntil(
  { dataUntilMs }: AnalysisState,
  measured: readonly Asked[],
  window: Window,
): Pick<AnalysisState, 'dataUntilMs'> {
  const deciding = measured.filter(({ evaluation }) => !evaluation.verdict.dryRun);
  const critical = deciding.filter(({ evaluation }) => evaluation.verdict.critical);
  const seen = (critical.length > 0 ? critical : deciding).every(
    ({ measurement, evaluation }) =>
      measurement?.outcome === 'ok' && evaluation.verdict.reason !== REASON.BadQuery,
  );
  if (seen) return { dataUntilMs: window.endMs };
  return dataUntilMs === undefined ? {} : { dataUntilMs };
}

/** Without a stable arm there is no score: each metric decides by itself. */
function each(measured: readonly Measured[]): Judged[] {
  return measured
    .filter(({ evaluation }) => !evaluation.verdict.dryRun)
    .map(({ bound, evaluation }) => ({ bound, opinion: evaluation }));
}

/** One verdict per metric, and after them those of metrics that were judged together. */
function verdictsOf(measured: readonly Measured[], judged: readonly Judged[]): MetricVerdict[] {
  const single = measured.map(({ evaluation }) => evaluation.verdict);
  const together = judged
    .map(({ opinion }) => opinion.verdict)
    .filter((verdict) => !single.includes(verdict));
  return [...single, ...together];
}

function evaluate(input: MetricInput): Evaluation {
  const { metric } = input.bound;
  return kindOfMetric(metric).judge(input, metric);
}

function conclude(judged: readonly Judged[], alone: boolean): Verdict {
  const deciding = judged.map(({ opinion }) => opinion);
  const combined = combineHarm(judged);
  for (const rule of RULES) {
    const verdict = rule.judge({ deciding, combined });
    if (verdict === undefined) continue;
    const tolerable = verdict.result === 'inconclusive' && isTolerable(deciding, combined, alone);
    return tolerable ? { ...verdict, tolerable } : verdict;
  }
  return inconclusive(REASON.MoreDataNeeded, 'nothing is decided yet');
}
