import { commonLanguageEffect, meanRatio } from '../../stats/kayenta-effect.ts';
import { withoutOutliers } from '../../stats/kayenta-outliers.ts';
import type { Shift } from '../../stats/kayenta-shift.ts';
import { mannWhitney } from '../../stats/mann-whitney.ts';
import { kayentaShift, locationShift } from '../../stats/kayenta-shift.ts';

/**
 * The judge NetflixACAJudge-v1.0 of Kayenta for one gauge-like series. Fixed horizon: not safe to peek. Each value is one unit
 * of evidence, however many requests stand behind it.
 */
export interface SeriesSettings {
  /** which way is harm */
  direction: 'increase' | 'decrease' | 'either';
  /** what NaN and ±Infinity become: dropped, or 0 */
  nan: 'remove' | 'replace';
  /** drop outliers of each arm beyond this many interquartile ranges; absent = keep them */
  outlierFactor?: number;
  /** a failure of this metric, or its missing data, makes the score 0 */
  critical: boolean;
  /** missing data counts as a failure in its group */
  mustHaveData: boolean;
  effect: EffectSettings;
  /** of the interval for the shift, 0…1 */
  confidence: number;
  /** the interval must lie beyond this share of the estimated shift */
  tolerance: number;
  /**
   * Kayenta exactly, bit by bit: its root finder, its noise on constant series, confidence 0.98 and tolerance 0.25
   * whatever is given
   */
  compat: 'none' | 'kayenta';
}

/**
 * Gates on the size of the effect: a higher canary is High only from `allowedIncrease` on, a lower one Low only up to
 * `allowedDecrease`.
 */
export interface EffectSettings {
  measure: 'meanRatio' | 'cles';
  allowedIncrease: number;
  allowedDecrease: number;
  criticalIncrease: number;
  criticalDecrease: number;
}

const KAYENTA_CONFIDENCE = 0.98;
const KAYENTA_TOLERANCE = 0.25;
/** At these values neither measure gates anything. */
const NO_EFFECT = { meanRatio: 1, cles: 0.5 };

/** Kayenta's defaults for what is not given. */
export function seriesSettings(
  given: Partial<Omit<SeriesSettings, 'effect'>> & { effect?: Partial<EffectSettings> } = {},
): SeriesSettings {
  const measure = given.effect?.measure ?? 'meanRatio';
  const none = NO_EFFECT[measure];
  return {
    direction: 'either',
    nan: 'remove',
    critical: false,
    mustHaveData: false,
    confidence: KAYENTA_CONFIDENCE,
    tolerance: KAYENTA_TOLERANCE,
    compat: 'none',
    ...given,
    effect: {
      allowedIncrease: none,
      allowedDecrease: none,
      criticalIncrease: none,
      criticalDecrease: none,
      ...given.effect,
      measure,
    },
  };
}

export type Classification = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error';

export interface SeriesResult {
  classification: Classification;
  /** the metric is critical and failed critically: the score is 0 */
  critical: boolean;
  sentence: string;
  /** mean of the canary over mean of stable; absent where a mean is 0 */
  deviation?: number;
  shift?: Shift;
}

/** The values of both arms over the same time; their order does not matter. */
export interface Arms {
  canary: readonly number[];
  stable: readonly number[];
}

/**
 * Classifies one series. `random` gives uniform numbers in (0, 1); only `compat: kayenta` uses it, and only where both arms are
 * constant.
 */
export function classifySeries(raw: Arms, settings: SeriesSettings, random: () => number): SeriesResult {
  const arms = {
    canary: transform(raw.canary, settings),
    stable: transform(raw.stable, settings),
  };
  if (arms.canary.length === 0 || arms.stable.length === 0) return withoutData(arms, settings);
  if (sameValues(arms)) return pass('the values of both arms are identical');
  const constant = new Set(arms.canary).size === 1 && new Set(arms.stable).size === 1;
  const compared =
    constant && settings.compat === 'kayenta'
      ? { canary: withNoise(arms.canary, random), stable: withNoise(arms.stable, random) }
      : arms;
  return compare(compared, settings);
}

function transform(values: readonly number[], { nan, outlierFactor }: SeriesSettings): number[] {
  const kept =
    nan === 'remove'
      ? values.filter(Number.isFinite)
      : values.map((value) => (Number.isFinite(value) ? value : 0));
  return outlierFactor === undefined ? kept : withoutOutliers(kept, outlierFactor);
}

function withoutData(arms: Arms, { nan, critical, mustHaveData }: SeriesSettings): SeriesResult {
  const arm = arms.canary.length === 0 ? 'canary' : 'stable';
  if (nan === 'replace') return pass(`${arm} has no values, which stand for zero`);
  const failed = mustHaveData && !critical;
  return {
    classification: failed ? 'NodataFailMetric' : 'Nodata',
    critical: !failed && critical,
    sentence: `${arm} has no values`,
    deviation: 1,
  };
}

function pass(sentence: string): SeriesResult {
  return { classification: 'Pass', critical: false, sentence, deviation: 1 };
}

/** Both arms have the same values equally often, or both have only one and the same value. */
function sameValues({ canary, stable }: Arms): boolean {
  if (new Set([...canary, ...stable]).size === 1) return true;
  if (canary.length !== stable.length) return false;
  const other = stable.toSorted((a, b) => a - b);
  return canary.toSorted((a, b) => a - b).every((value, i) => value === other[i]);
}

/** Normal deviates of a hundred-thousandth of the value (Box–Muller), so that Kayenta's ranks are not all tied. */
function withNoise(values: readonly number[], random: () => number): number[] {
  return values.map((value) => {
    const radius = Math.sqrt(-2 * Math.log(random()));
    return value + Math.abs(value) * 1e-5 * radius * Math.cos(2 * Math.PI * random());
  });
}

function compare(arms: Arms, settings: SeriesSettings): SeriesResult {
  const { canary, stable } = arms;
  const kayenta = settings.compat === 'kayenta';
  const ratio = meanRatio(canary, stable);
  const deviation = ratio === undefined ? {} : { deviation: ratio };
  let shift: Shift;
  try {
    shift = kayenta
      ? kayentaShift(canary, stable, KAYENTA_CONFIDENCE)
      : locationShift(canary, stable, settings.confidence);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { classification: 'Error', critical: false, sentence: error.message, ...deviation };
  }
  const size = settings.effect.measure === 'cles' ? commonLanguageEffect(canary, stable) : ratio;
  const bound = (kayenta ? KAYENTA_TOLERANCE : settings.tolerance) * Math.abs(shift.estimate);
  const ranked = kayenta ? undefined : byRanks(arms, shift, settings.confidence);
  const sides = {
    above: shift.lower > bound || ranked?.side === 'above',
    below: shift.upper < -bound || ranked?.side === 'below',
  };
  const classification = classify(sides, size, settings);
  return {
    classification,
    critical: settings.critical && criticalSize(classification, size, settings.effect),
    sentence: describe(classification, shift, ranked),
    ...deviation,
    shift,
  };
}

interface Ranked {
  side: 'above' | 'below';
  p: number;
}

/**
 * Where many values are equal (most are 0), the interval may end at exactly 0, and does not say whether 0 itself is
 * excluded. Then the rank test decides, at the level of one end of the interval.
 */
function byRanks({ canary, stable }: Arms, { lower, upper }: Shift, confidence: number): Ranked | undefined {
  const level = (1 - confidence) / 2;
  const ends = [
    { side: 'above', end: lower, alternative: 'greater' },
    { side: 'below', end: upper, alternative: 'less' },
  ] as const;
  for (const { side, end, alternative } of ends) {
    if (end !== 0) continue;
    const { p } = mannWhitney(canary, stable, alternative);
    if (p < level) return { side, p };
  }
  return undefined;
}

/** `size` undefined: the effect is not gated. */
function classify(
  { above, below }: { above: boolean; below: boolean },
  size: number | undefined,
  { direction, effect }: SeriesSettings,
): 'Pass' | 'High' | 'Low' {
  const high = direction !== 'decrease' && above;
  if (high && (size === undefined || size >= effect.allowedIncrease)) return 'High';
  const low = direction !== 'increase' && below;
  return low && (size === undefined || size <= effect.allowedDecrease) ? 'Low' : 'Pass';
}

function criticalSize(
  classification: Classification,
  size: number | undefined,
  { criticalIncrease, criticalDecrease }: EffectSettings,
): boolean {
  if (classification === 'High') return size === undefined || size >= criticalIncrease;
  return classification === 'Low' && (size === undefined || size <= criticalDecrease);
}

const DIGITS = 4;

function describe(
  classification: 'Pass' | 'High' | 'Low',
  { lower, estimate, upper }: Shift,
  ranked: Ranked | undefined,
): string {
  const text = (value: number) => String(Number(value.toPrecision(DIGITS)));
  const interval = `shifted by ${text(estimate)} (${text(lower)} to ${text(upper)})`;
  if (classification === 'Pass') return `canary is not shown to differ from stable: ${interval}`;
  const which = `canary is ${classification === 'High' ? 'higher' : 'lower'} than stable`;
  if (ranked === undefined) return `${which}: ${interval}`;
  return `${which} by its ranks (p ${text(ranked.p)}): many values are equal, so the interval for the shift says too little`;
}
