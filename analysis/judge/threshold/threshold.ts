import type { MetricState, Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { ThresholdMetric } from '../../../api/kinds/template/kinds/threshold.ts';
import { isObject } from '../../../lib/json.ts';
import { named, type Evaluation, type MetricInput } from '../core/evaluation.ts';
import type { Values } from './expression.ts';
import { evaluateExpression, namesIn } from './expression.ts';
import { inconclusive, missingVerdict } from '../core/missing.ts';
import { stored, VERSION } from '../core/stored.ts';
import { digits } from '../core/text.ts';

/** Running counts of one threshold metric; plain JSON, the `data` of its MetricState. Kept through steps. */
export interface ThresholdData {
  /** failed measurements: since the last success, or of the whole release where `counting` is "total" */
  failures: number;
  /** measurements that met neither condition since the last success or failure */
  inconclusives: number;
  /** measurements without a usable value since the last one with a value */
  errors: number;
}

const NONE: ThresholdData = { failures: 0, inconclusives: 0, errors: 0 };

type Grade = 'success' | 'failure' | 'neither' | 'notANumber' | 'missing';

/**
 * A condition over the value of one query. It fails once more than `failureLimit` measurements failed: without a success
 * between them, so that a long release does not fail more often than a short one; with `counting: total`, in the whole
 * release.
 */
export function judgeThreshold(input: MetricInput, metric: ThresholdMetric): Evaluation {
  const before = readThreshold(input.previous);
  const grade = gradeOf(input, metric);
  const after = count(before, grade, metric);
  const verdict = named(input, conclude(input, metric, grade, after));
  return {
    state: writeThreshold(after),
    verdict,
    missing: grade === 'missing' || grade === 'notANumber',
    stops: verdict.result === 'fail',
    tolerable: grade === 'success' || grade === 'neither',
  };
}

/** An older layout has no `errors`. */
type Kept = Omit<ThresholdData, 'errors'> & Partial<ThresholdData>;

export function isThresholdData(data: unknown): data is Kept {
  if (!isObject(data)) return false;
  const { failures, inconclusives, errors = 0 } = data;
  return [failures, inconclusives, errors].every(isCount);
}

const { read } = stored('threshold', isThresholdData, NONE);

export const readThreshold = (state: MetricState | undefined): ThresholdData => ({ ...NONE, ...read(state) });

export function writeThreshold(data: ThresholdData): MetricState {
  return { version: VERSION, type: 'threshold', data: { ...data } };
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function gradeOf({ measurement }: MetricInput, metric: ThresholdMetric): Grade {
  if (measurement?.outcome === 'nan' && metric.nan === 'fail') return 'failure';
  if (measurement?.outcome !== 'ok' || measurement.kind !== 'numbers') return 'missing';
  const { canary, stable } = measurement;
  if (stable === undefined && namesStable(metric)) return 'missing';
  return gradeOfValues({ value: canary, canary, stable: stable ?? NaN }, metric);
}

export function namesStable({ failure, success }: ThresholdMetric): boolean {
  return [failure, success].some((text) => text !== undefined && namesIn(text).has('stable'));
}

/** The failure condition is evaluated first. If there is only one condition, the other one is its opposite. */
function gradeOfValues(values: Values, metric: ThresholdMetric): Grade {
  const { failure, success } = metric;
  if (failure !== undefined) {
    const failed = evaluateExpression(failure, values);
    if (failed === undefined) return nanGrade(metric);
    if (failed) return 'failure';
    if (success === undefined) return 'success';
  }
  if (success === undefined) return 'neither';
  const succeeded = evaluateExpression(success, values);
  if (succeeded === undefined) return nanGrade(metric);
  if (succeeded) return 'success';
  return failure === undefined ? 'failure' : 'neither';
}

function nanGrade(metric: ThresholdMetric): Grade {
  return metric.nan === 'fail' ? 'failure' : 'notANumber';
}

function count(before: ThresholdData, grade: Grade, { counting }: ThresholdMetric): ThresholdData {
  switch (grade) {
    case 'success':
      return counting === 'total' ? { ...NONE, failures: before.failures } : NONE;
    case 'failure':
      return { ...NONE, failures: before.failures + 1 };
    case 'neither':
      return { ...before, inconclusives: before.inconclusives + 1, errors: 0 };
    case 'notANumber':
    case 'missing':
      return { ...before, errors: before.errors + 1 };
  }
}

function conclude(input: MetricInput, metric: ThresholdMetric, grade: Grade, after: ThresholdData): Verdict {
  const { measurement } = input;
  const text = valueText(measurement);
  const numbers = { ...valueNumbers(measurement), ...after, failureLimit: metric.failureLimit };
  switch (grade) {
    case 'success':
      return success(text, metric, after, numbers);
    case 'failure':
      return failure(text, metric, after, numbers);
    case 'neither': {
      const sentence = `${text} meets neither ${conditionText(metric)} nor the failure condition ${metric.failure ?? ''} (${times(after.inconclusives)} in a row)`;
      if (spent(metric, after)) return overLimit(`${sentence}; ${failedBefore(metric, after)}`, numbers);
      const reason =
        after.inconclusives > metric.inconclusiveLimit ? REASON.Inconclusive : REASON.ThresholdNotMet;
      return inconclusive(reason, sentence, numbers);
    }
    case 'notANumber': {
      const sentence = `${text}: the condition cannot be computed with these values (for example 0/0)`;
      return withoutData(inconclusive(REASON.NotANumber, sentence, numbers), metric, after);
    }
    case 'missing':
      return withoutData(missingVerdict(measurement), metric, after);
  }
}

/** Are there more failures than the limit tolerates? */
function spent({ failureLimit }: ThresholdMetric, { failures }: ThresholdData): boolean {
  return failures > failureLimit;
}

function overLimit(sentence: string, numbers: Record<string, number>): Verdict {
  return { result: 'fail', reason: REASON.ThresholdExceeded, sentence, numbers };
}

function failedBefore({ failureLimit }: ThresholdMetric, { failures }: ThresholdData): string {
  return `it failed ${times(failures)} in this release, ${failureLimit} tolerated`;
}

/** A success passes, unless all failures of the release count and there were too many. */
function success(
  text: string,
  metric: ThresholdMetric,
  after: ThresholdData,
  numbers: Record<string, number>,
): Verdict {
  const sentence = `${text} meets ${conditionText(metric)}`;
  if (spent(metric, after)) return overLimit(`${sentence}, but ${failedBefore(metric, after)}`, numbers);
  return { result: 'pass', reason: REASON.ThresholdMet, sentence, numbers };
}

function failure(
  text: string,
  metric: ThresholdMetric,
  after: ThresholdData,
  numbers: Record<string, number>,
): Verdict {
  const broken =
    metric.failure === undefined ? `does not meet ${metric.success ?? ''}` : `meets ${metric.failure}`;
  const run = metric.counting === 'total' ? 'in this release' : 'without a success between';
  const sentence = `${text} ${broken}: ${times(after.failures)} ${run}, ${metric.failureLimit} tolerated`;
  if (spent(metric, after)) return overLimit(sentence, numbers);
  return inconclusive(REASON.ThresholdNotMet, sentence, numbers);
}

/** Missing data never passes; it fails only where the template sets a limit for it. */
function withoutData(verdict: Verdict, metric: ThresholdMetric, { errors }: ThresholdData): Verdict {
  const { consecutiveErrorLimit: limit } = metric;
  if (limit === undefined || errors <= limit) return verdict;
  const sentence = `no usable value ${times(errors)} in a row, ${limit} tolerated; the last time: ${verdict.sentence}`;
  const numbers = { ...verdict.numbers, errors, consecutiveErrorLimit: limit };
  return { result: 'fail', reason: REASON.ErrorLimitExceeded, sentence, numbers };
}

function conditionText(metric: ThresholdMetric): string {
  return metric.success ?? `not (${metric.failure ?? ''})`;
}

function times(n: number): string {
  return n === 1 ? 'once' : `${n} times`;
}

function valueText(measurement: MetricInput['measurement']): string {
  if (measurement?.outcome !== 'ok' || measurement.kind !== 'numbers') return 'the value is not a number and';
  const stable = measurement.stable === undefined ? '' : ` (stable ${digits(measurement.stable)})`;
  return `value ${digits(measurement.canary)}${stable}`;
}

/** Never returns -0, which JSON cannot hold. */
function valueNumbers(measurement: MetricInput['measurement']): Record<string, number> {
  if (measurement?.outcome !== 'ok' || measurement.kind !== 'numbers') return {};
  const { canary, stable } = measurement;
  const numbers: Record<string, number> = {};
  if (Number.isFinite(canary)) numbers['value'] = canary + 0;
  if (stable !== undefined && Number.isFinite(stable)) numbers['stable'] = stable + 0;
  return numbers;
}
