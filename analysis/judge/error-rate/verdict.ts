import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { ErrorRateMetric } from '../../../api/kinds/template/kinds/error-rate.ts';
import { isUnknown } from '../core/calibration.ts';
import type { Evidence } from '../core/comparison.ts';
import type { ErrorRateData } from './state.ts';
import { fixedVerdict } from '../core/fixed-horizon.ts';
import type { Needed } from '../core/needed.ts';
import { neededText } from '../core/needed.ts';
import { USERS_TOLD } from '../core/sticky.ts';
import { arms, evidence as amount, percent } from '../core/text.ts';
import { uncalibrated } from '../core/uncalibrated.ts';

/** What one error rate's statistics say, and the bars (ln) they are compared with. */
export interface Reading extends Evidence {
  harmBar: number;
  safeBar: number;
  nextWeight: number | undefined;
  /** what is needed until it is safe, at the rates seen; `undefined`: it would never be */
  needed: Needed | undefined;
  /** evidence that the canary's own rate is above its ceiling; 0 without one */
  logCeiling: number;
  ceilingBar: number;
  /** all requests go to the canary */
  alone: boolean;
  /** users stay with one version */
  sticky: boolean;
  /** how much wider the harm margin is in this window, because the canary pods were cold a moment ago; 0: not */
  wider: number;
}

type Conclusion = Omit<Verdict, 'numbers'> & Partial<Pick<Verdict, 'numbers'>>;

/** Windows in a row of mostly errors that stop a release without statistics. */
const BREAKER_WINDOWS = 2;

export function isBroken({ broken }: ErrorRateData): boolean {
  return broken >= BREAKER_WINDOWS;
}

export function overCeiling({ logCeiling, ceilingBar }: Reading): boolean {
  return logCeiling >= ceilingBar;
}

/** First the guards, then the comparison; a rate above the ceiling withholds its pass. */
export function errorRateVerdict(
  data: ErrorRateData,
  reading: Reading,
  { test, ceiling }: ErrorRateMetric,
): Conclusion {
  if (isBroken(data)) return brokenVerdict(data, reading);
  if (ceiling !== undefined && overCeiling(reading)) return ceilingVerdict(data, reading, ceiling);
  const compared = test.method === 'sequential' ? compare(data, reading) : fixedVerdict(data.fixed, test);
  return compared.result === 'pass' ? belowCeiling(data, compared, ceiling) : compared;
}

function brokenVerdict(data: ErrorRateData, { alone }: Reading): Conclusion {
  const stable = alone ? 'with all requests on it' : 'while stable was fine';
  const sentence = `${arms(data.total)}: the canary answered mostly errors in ${BREAKER_WINDOWS} windows in a row ${stable}`;
  return { result: 'fail', reason: REASON.CircuitBreaker, sentence };
}

function ceilingVerdict(
  data: ErrorRateData,
  { logCeiling, ceilingBar }: Reading,
  ceiling: number,
): Conclusion {
  const proof = `evidence ${amount(logCeiling)} against a bar of ${amount(ceilingBar)}`;
  const sentence = `${arms(data.total)}: above the ceiling of ${percent(ceiling)}, whatever stable does (${proof})`;
  return { result: 'fail', reason: REASON.CeilingExceeded, sentence };
}

/** Better than stable is not good enough while the rate of this step, as seen, is above the ceiling. */
function belowCeiling(
  { step: { n1, x1 } }: ErrorRateData,
  pass: Conclusion,
  ceiling: number | undefined,
): Conclusion {
  if (ceiling === undefined || x1 <= ceiling * n1) return pass;
  const sentence = `${pass.sentence}; but the canary's ${percent(x1 / n1)} is above the ceiling of ${percent(ceiling)}`;
  return { ...pass, result: 'inconclusive', reason: REASON.MoreDataNeeded, sentence };
}

/** ln of harm over its bar; if the ranks do not concur, it stays below 0. */
export function overBar({ concurs }: ErrorRateData, { logHarm, harmBar }: Reading): number {
  return concurs ? logHarm - harmBar : Math.min(logHarm - harmBar, -1e-9);
}

function compare(data: ErrorRateData, reading: Reading): Conclusion {
  const conclusion = calibrated(data, reading);
  if (!reading.sticky) return conclusion;
  return { ...conclusion, sentence: `${conclusion.sentence}; ${USERS_TOLD}` };
}

/** Where the calibration is unknown, nothing passes, and a human decides about harm below the raised bar. */
function calibrated(data: ErrorRateData, reading: Reading): Conclusion {
  const conclusion = compared(data, reading);
  if (!isUnknown(data.calibration, data.residuals) || conclusion.result === 'fail') return conclusion;
  if (isSuspected(data, reading)) {
    const { logSuspected = 0, harmBar, raised } = reading;
    const shown = `${arms(data.total)}: probably harm (evidence ${amount(logSuspected)} against the usual bar of ${amount(harmBar - raised)}, not yet against the higher one of ${amount(harmBar)})`;
    return uncalibrated(shown, REASON.HarmSuspected);
  }
  return conclusion.result === 'pass' ? uncalibrated(conclusion.sentence, REASON.Uncalibrated) : conclusion;
}

/** Harm by the template's bar, where the calibration is unknown and the bar therefore higher. */
export function isSuspected({ concurs }: ErrorRateData, { logSuspected, harmBar, raised }: Reading): boolean {
  return concurs && logSuspected !== undefined && logSuspected >= harmBar - raised;
}

/** Why more errors than the template's margin allows do not count as harm now. */
const wideText = ({ wider }: Reading): string =>
  wider > 0 ? `; the canary was cold until lately, so the harm margin is wider by ${percent(wider)}` : '';

function compared(data: ErrorRateData, reading: Reading): Conclusion {
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
  const sentence = `${arms(data.step)} in this step: not decided yet (${evidenceText})${neededText(reading.needed)}${wideText(reading)}`;
  return { result: 'inconclusive', reason: REASON.MoreDataNeeded, sentence };
}
