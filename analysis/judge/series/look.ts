import type { SeriesMetric } from '../../../api/kinds/template/kinds/series.ts';
import type { Alternative, TestResult } from '../../stats/comparison.ts';
import { kolmogorovSmirnov } from '../../stats/kolmogorov-smirnov.ts';
import { linearQuantile } from '../../stats/kayenta-outliers.ts';
import { mannWhitney } from '../../stats/mann-whitney.ts';
import { uniformsOf } from '../../stats/thinning.ts';
import { welchT } from '../../stats/welch-t.ts';
import { levelPerLook } from '../core/looks.ts';
import type { Arms, Classification, SeriesResult } from './series.ts';
import { classifySeries, seriesSettings } from './series.ts';
import { digits } from '../core/text.ts';

/** What one look at a series found; plain JSON. */
export interface Finding {
  classification: Classification;
  /** the metric is critical, and the failure is large enough to end the release by itself */
  critical: boolean;
  sentence: string;
  numbers: Record<string, number>;
}

export function isFailure({ classification }: Finding): boolean {
  return classification === 'High' || classification === 'Low' || classification === 'NodataFailMetric';
}

export interface LookSetting {
  metric: SeriesMetric;
  /** risk.harm of the template, shared by all looks of all `steps` */
  risk: number;
  steps: number;
  /** seed of the draws that Kayenta makes at random */
  seed: string;
}

/** One look at the values of a step. Not safe to peek: the level holds for the planned looks only. */
export function lookAt(arms: Arms, setting: LookSetting): Finding {
  return setting.metric.test.method === 'kayenta' ? byKayenta(arms, setting) : byTest(arms, setting);
}

function byKayenta(arms: Arms, { metric, steps, seed }: LookSetting): Finding {
  const { kayenta, direction, critical, test } = metric;
  const { outlierFactor, tolerance, effect, mustHaveData, compat } = kayenta;
  // Kayenta itself treats every look as if it were the only one
  const confidence =
    compat === 'kayenta' ? kayenta.confidence : 1 - levelPerLook(1 - kayenta.confidence, test, steps);
  const settings = seriesSettings({
    direction,
    nan: metric.nan === 'zero' ? 'replace' : 'remove',
    critical,
    mustHaveData,
    confidence,
    tolerance,
    effect,
    compat,
    ...(outlierFactor === undefined ? {} : { outlierFactor }),
  });
  const result = classifySeries(arms, settings, uniformsOf(seed));
  const { classification, sentence } = result;
  return {
    classification,
    critical: result.critical,
    sentence,
    numbers: { ...sizes(arms), ...kayentaNumbers(result), confidence },
  };
}

function kayentaNumbers({ shift, deviation }: SeriesResult): Record<string, number> {
  return {
    ...(deviation === undefined ? {} : { meanRatio: deviation }),
    ...(shift === undefined ? {} : { shift: shift.estimate, shiftLow: shift.lower, shiftHigh: shift.upper }),
  };
}

const TESTS = {
  welch: { run: welchT, name: "Welch's t-test", middle: 'mean' },
  mannWhitney: { run: mannWhitney, name: 'Mann–Whitney test', middle: 'median' },
  kolmogorovSmirnov: { run: kolmogorovSmirnov, name: 'Kolmogorov–Smirnov test', middle: 'median' },
} as const;

function byTest(arms: Arms, { metric, risk, steps }: LookSetting): Finding {
  const { method } = metric.test;
  const { run, name, middle } = TESTS[method === 'kayenta' ? 'welch' : method];
  const level = levelPerLook(risk, metric.test, steps);
  let found: TestResult;
  try {
    found = run(arms.canary, arms.stable, alternativeOf(metric));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { classification: 'Error', critical: false, sentence: error.message, numbers: sizes(arms) };
  }
  const of = middle === 'mean' ? mean : median;
  const [canary, stable] = [of(arms.canary), of(arms.stable)];
  const classification = found.p < level ? sideOf(canary - stable, found, metric) : 'Pass';
  const middles = `${middle} ${digits(canary)} against ${digits(stable)}`;
  return {
    classification,
    critical: metric.critical && classification !== 'Pass',
    sentence: `${SAID[classification]} stable: ${middles} (${name} p ${digits(found.p)} against ${digits(level)})`,
    numbers: { ...sizes(arms), canaryValue: canary, stableValue: stable, p: found.p, level },
  };
}

const SAID = {
  Pass: 'canary is not shown to differ from',
  High: 'canary is higher than',
  Low: 'canary is lower than',
} as const;

/** Kolmogorov–Smirnov finds any difference, also one without a clear direction. */
function alternativeOf({ direction, test }: SeriesMetric): Alternative {
  if (test.method === 'kolmogorovSmirnov' || direction === 'either') return 'two-sided';
  return direction === 'increase' ? 'greater' : 'less';
}

/** The direction of a significant difference; a difference only in spread is harm only where either direction is. */
function sideOf(
  difference: number,
  { statistic }: TestResult,
  { direction, test }: SeriesMetric,
): 'Pass' | 'High' | 'Low' {
  const sign = test.method === 'kolmogorovSmirnov' ? difference : statistic;
  if (direction === 'either') return sign >= 0 ? 'High' : 'Low';
  if (direction === 'increase') return sign > 0 ? 'High' : 'Pass';
  return sign < 0 ? 'Low' : 'Pass';
}

function sizes({ canary, stable }: Arms): Record<string, number> {
  return { canaryValues: canary.length, stableValues: stable.length };
}

/** Divides first, so that large values do not overflow. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

function median(values: readonly number[]): number {
  return linearQuantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
