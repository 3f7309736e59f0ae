import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { SeriesMetric } from '../../../api/kinds/template/kinds/series.ts';
import { unopposed } from '../core/alone.ts';
import { named, type Evaluation, type MetricInput } from '../core/evaluation.ts';
import { nextLookText } from '../core/looks.ts';
import { inconclusive, missingVerdict } from '../core/missing.ts';
import { isFailure } from './look.ts';
import type { SeriesData, SeriesSetting } from './state.ts';
import { addGap, addValues, readSeries, writeSeries } from './state.ts';
import { digits } from '../core/text.ts';

/** One value per window and arm, compared at planned looks; nothing is decided between them (docs/analysis.md). */
export function judgeSeries(input: MetricInput, metric: SeriesMetric): Evaluation {
  const { bound, window } = input;
  const setting: SeriesSetting = {
    metric,
    risk: bound.bound.template.risk.harm,
    steps: input.steps,
    seed: `${bound.key}/${window.startMs}`,
    ms: window.endMs - window.startMs,
    scored: bound.bound.template.scoring !== undefined,
  };
  if (input.alone) return withoutStable(input, metric);
  const values = valuesOf(input, metric);
  const before = readSeries(input.previous);
  const data = 'verdict' in values ? addGap(before, setting) : addValues(before, values, setting);
  const failed = data.last !== undefined && isFailure(data.last);
  const verdict = 'verdict' in values && !failed ? values.verdict : said(data, metric);
  return {
    state: writeSeries(data),
    verdict: named(input, verdict),
    missing: 'verdict' in values,
    stops: data.last?.critical === true && failed,
    tolerable: !failed,
  };
}

/** An idle stable arm says nothing about a canary that works, so there is no look. */
function withoutStable(input: MetricInput, metric: SeriesMetric): Evaluation {
  const values = valuesOf(input, metric);
  const missing = 'verdict' in values;
  const text = missing ? '' : `the canary's value is ${digits(values.canary)}`;
  const verdict = missing ? values.verdict : inconclusive(REASON.NothingToCompare, text);
  const evaluation: Evaluation = {
    state: writeSeries(readSeries(input.previous)),
    verdict: named(input, verdict),
    missing,
  };
  return missing ? evaluation : unopposed(evaluation, { text, within: true });
}

type Values = { canary: number; stable: number } | { verdict: Verdict };

/** Beyond this, differences overflow: a larger value counts as NaN, like ±Infinity. */
const LARGEST = 1e300;

function valuesOf({ measurement }: MetricInput, { nan }: SeriesMetric): Values {
  if (measurement?.outcome !== 'ok' || measurement.kind !== 'numbers')
    return { verdict: missingVerdict(measurement) };
  const usable = (value: number): boolean => Math.abs(value) <= LARGEST;
  const { canary, stable } = measurement;
  if (stable === undefined) return { verdict: missingVerdict(measurement) };
  if (nan === 'zero') return { canary: usable(canary) ? canary : 0, stable: usable(stable) ? stable : 0 };
  if (usable(canary) && usable(stable)) return { canary, stable };
  const arm = usable(canary) ? 'stable' : 'the canary';
  return { verdict: inconclusive(REASON.NotANumber, `the value of ${arm} is not a finite number`) };
}

/** What the looks taken so far say; a pass only after the last of them. */
function said(data: SeriesData, { test }: SeriesMetric): Verdict {
  const { last, taken } = data;
  const { looks } = test;
  const numbers = { ...shortened(last?.numbers ?? {}), look: taken, looks };
  if (last === undefined) {
    const sentence = `${nextLookText(data, test)}; not safe to peek before`;
    return inconclusive(REASON.MoreDataNeeded, sentence, numbers);
  }
  if (last.classification === 'NodataFailMetric') {
    return { result: 'fail', reason: REASON.ErrorLimitExceeded, sentence: last.sentence, numbers };
  }
  const found = `${last.sentence}, at look ${taken} of ${looks}`;
  if (isFailure(last)) return { result: 'fail', reason: REASON.HarmDetected, sentence: found, numbers };
  if (taken < looks) {
    const sentence = `${found}; ${nextLookText(data, test)}; not safe to peek before`;
    return inconclusive(REASON.MoreDataNeeded, sentence, numbers);
  }
  if (last.classification !== 'Pass') return inconclusive(REASON.Inconclusive, found, numbers);
  const sentence = `${found}: no harm detected, which is absence of evidence, not proof of safety`;
  return { result: 'pass', reason: REASON.NoHarmDetected, sentence, numbers };
}

function shortened(numbers: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Number(value.toPrecision(6))]),
  );
}
