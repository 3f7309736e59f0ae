import type { MetricState } from '../../../api/kinds/release/verdict.ts';
import { formatDuration } from '../../../lib/duration.ts';
import { isObject } from '../../../lib/json.ts';
import type { SeriesMetric } from '../../../api/kinds/template/kinds/series.ts';
import type { Schedule } from '../core/looks.ts';
import { elapse, isSchedule, NOT_BEGUN } from '../core/looks.ts';
import { stored, VERSION } from '../core/stored.ts';
import type { Finding, LookSetting } from './look.ts';
import { isFailure, lookAt } from './look.ts';

/** The values of one step and what the newest look at them found; plain JSON, the `data` of a MetricState. */
export interface SeriesData extends Schedule {
  /** length of all windows of the step, including those without data, in milliseconds */
  elapsedMs: number;
  /** one value per window with data, six digits; dropped once a look has decided */
  canary: readonly number[];
  stable: readonly number[];
  /** absent before the first look */
  last?: Finding;
}

const FRESH: SeriesData = { ...NOT_BEGUN, elapsedMs: 0, canary: [], stable: [] };

export interface SeriesSetting extends LookSetting {
  /** length of the window */
  ms: number;
  /** the metric is judged together with others by a score: only its last look decides */
  scored: boolean;
}

/** Has the last look in this step been taken? */
export function isDecided({ taken, last }: SeriesData, metric: SeriesMetric, scored: boolean): boolean {
  return taken >= metric.test.looks || (!scored && last !== undefined && isFailure(last));
}

/** The statistics after one more window with a value of each arm. */
export function addValues(
  before: SeriesData,
  { canary, stable }: { canary: number; stable: number },
  setting: SeriesSetting,
): SeriesData {
  const { metric, ms, scored } = setting;
  const timed = { ...before, elapsedMs: before.elapsedMs + ms };
  if (isDecided(before, metric, scored)) return timed;
  const after: SeriesData = {
    ...elapse(timed, metric.test, ms),
    canary: [...before.canary, sixDigits(canary)],
    stable: [...before.stable, sixDigits(stable)],
  };
  if (after.taken === before.taken) return after;
  const looked = { ...after, last: lookAt(after, setting) };
  return isDecided(looked, metric, scored) ? { ...looked, canary: [], stable: [] } : looked;
}

/** The statistics after one more window without data. */
export function addGap(before: SeriesData, { metric, ms }: SeriesSetting): SeriesData {
  const after = { ...before, elapsedMs: before.elapsedMs + ms };
  const { horizonMs, method } = metric.test;
  const needed = method === 'kayenta' && metric.kayenta.mustHaveData;
  if (!needed || after.measuredMs > 0 || after.elapsedMs < horizonMs) return after;
  const sentence = `no value in ${formatDuration(horizonMs)}, though the metric must have data`;
  const { critical } = metric;
  return { ...after, last: { classification: 'NodataFailMetric', critical, sentence, numbers: {} } };
}

/** Never returns -0, which JSON cannot hold. */
function sixDigits(value: number): number {
  return Number(value.toPrecision(6)) + 0;
}

export function isSeriesData(data: unknown): data is SeriesData {
  if (!isObject(data)) return false;
  const { elapsedMs, canary, stable, last } = data;
  return (
    isSchedule(data) &&
    isNumber(elapsedMs) &&
    isNumbers(canary) &&
    isNumbers(stable) &&
    canary.length === stable.length &&
    (last === undefined || isFinding(last))
  );
}

export const { read: readSeries } = stored('series', isSeriesData, FRESH);

export function writeSeries(data: SeriesData): MetricState {
  return { version: VERSION, type: 'series', data: { ...data } };
}

const CLASSES: ReadonlySet<unknown> = new Set<Finding['classification']>([
  'Pass',
  'High',
  'Low',
  'Nodata',
  'NodataFailMetric',
  'Error',
]);

function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false;
  const { classification, critical, sentence, numbers } = value as Partial<Record<keyof Finding, unknown>>;
  return (
    CLASSES.has(classification) &&
    typeof critical === 'boolean' &&
    typeof sentence === 'string' &&
    typeof numbers === 'object' &&
    numbers !== null &&
    isNumbers(Object.values(numbers))
  );
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isNumber);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
