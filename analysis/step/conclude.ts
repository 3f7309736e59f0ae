import type { Verdict } from '../../api/kinds/release/verdict.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import { REASON } from '../../api/reasons.ts';
import { formatDuration } from '../../lib/duration.ts';
import { isOverWithout, isWatched, isWithoutObjection, type Watched } from './bake.ts';

/** What the policy says about one step. A step without a weight means that the ladder of the release is not known. */
export interface StepRules extends Pick<Step, 'minDurationMs' | 'maxDurationMs' | 'pause'> {
  weight?: number;
  /** no request goes to the canary in this step: not by weight, not as a copy, and not by a match */
  quiet: boolean;
  onInconclusive: ReleasePolicy['onInconclusive'];
}

/** What is known of the step now. Only `verdict` and the times come from measurements; a replay does not know the rest. */
export interface StepNow extends Watched {
  /** the newest verdict of the release; undefined before the first window */
  verdict: Verdict | undefined;
  /** that verdict is of a window of this step, measured since its weight was last observed */
  current: boolean;
  /** time since this step may have sent its first request to the canary, which maxDuration bounds */
  exposedMs: number;
  /** time until the back end has followed the weight; 0 or less: it has */
  settlesInMs: number;
  /** time since the pause of the passed step began; absent: it has not begun */
  pausedMs?: number | undefined;
  /** what a human ordered: `pauses` keeps the release here, `resumed` moves it past this step */
  human: { pauses: boolean; resumed: boolean };
  /** the weight is not what the step wrote: nothing passes until the weight is right again */
  contested?: Said | undefined;
  /** canary pods crashed a short while ago: nothing passes for that long */
  crashed?: (Said & { calmInMs: number }) | undefined;
  /** the requests that were counted do not fit the weight */
  share?: Said | undefined;
}

/** A constant of api/reasons.ts and its sentence. */
export interface Said {
  reason: Verdict['reason'];
  sentence: string;
}

/** What happens to a step, by its newest verdict, its durations, its pause and the human's intent. */
export type StepConclusion =
  | { to: 'next'; said: Said }
  | { to: 'rollback'; said: Said }
  /** human: only a human or a later pass can resume the release; pausedMs: how long the current pause has lasted */
  | { to: 'wait'; said: Said; human: boolean; againMs?: number; pausedMs?: number };

/** When does a step pass? The one answer for the controller, `sluice analyze` and `sluice backtest`. */
export function concludeStep(rules: StepRules, now: StepNow): StepConclusion {
  const conclusion = conclude(rules, now);
  const { pausedMs } = now;
  // Only a step that passed begins its pause; a question to a human does not end it.
  const kept = conclusion.to === 'wait' && conclusion.human && pausedMs !== undefined;
  return kept ? { ...conclusion, pausedMs } : conclusion;
}

function conclude(rules: StepRules, now: StepNow): StepConclusion {
  const { elapsedMs, verdict } = now;
  if (verdict?.result === 'fail') return { to: 'rollback', said: saidBy(verdict) };
  const kept = keptBack(rules, now);
  if (kept !== undefined) return kept;
  if (!isProven(rules, now)) return unproven(rules, now);
  if (elapsedMs < rules.minDurationMs) {
    const sentence = `No harm shown; the step lasts at least ${formatDuration(rules.minDurationMs)}.`;
    return waits({ reason: REASON.MinimumDuration, sentence }, rules.minDurationMs - elapsedMs);
  }
  const measured = verdict?.sentence ?? '';
  const sentence = rules.weight === 100 ? wellBaked(rules, measured) : measured;
  return paused(rules, now) ?? { to: 'next', said: { reason: REASON.StepPassed, sentence } };
}

/** After this time a step without a conclusion is inconclusive. */
export function limitOf({
  onInconclusive,
  maxDurationMs,
}: Pick<StepRules, 'onInconclusive' | 'maxDurationMs'>): number {
  return onInconclusive === 'extend' ? 2 * maxDurationMs : maxDurationMs;
}

const waits = (said: Said, againMs: number): StepConclusion => ({ to: 'wait', said, human: false, againMs });
const asks = (said: Said): StepConclusion => ({ to: 'wait', said, human: true });
const saidBy = ({ reason, sentence }: Verdict): Said => ({ reason, sentence });

/** What keeps a step where it is, whatever was measured. */
function keptBack(rules: StepRules, now: StepNow): StepConclusion | undefined {
  const { contested, crashed, exposedMs, human, settlesInMs, share } = now;
  const limitMs = limitOf(rules);
  if (human.pauses) {
    const sentence = 'A human paused the release; analysis continues.';
    return asks({ reason: REASON.PausedByHuman, sentence });
  }
  if (contested !== undefined) return { to: 'wait', said: contested, human: false };
  if (exposedMs < limitMs && settlesInMs > 0) {
    const sentence = 'The weight is observed; the back end is given time to follow it.';
    return waits({ reason: REASON.Settling, sentence }, settlesInMs);
  }
  if (human.resumed) return undefined;
  if (crashed !== undefined)
    return waits({ reason: crashed.reason, sentence: crashed.sentence }, crashed.calmInMs);
  if (share === undefined) return undefined;
  // What was proven was not proven for this weight: wait for more data, then ask a human.
  if (exposedMs < limitMs) return waits(share, limitMs - exposedMs);
  const sentence = `After ${formatDuration(limitMs)} the requests do not fit the weight: ${share.sentence}`;
  return asks({ reason: share.reason, sentence });
}

function isProven(rules: StepRules, now: StepNow): boolean {
  const { current, verdict } = now;
  if (!current || verdict === undefined) return false;
  if (rules.weight !== 100) return verdict.result === 'pass';
  return isWithoutObjection(verdict) && isWatched(rules, now);
}

/** Nothing was proven in a bake, so the numbers alone would not say why it ends. */
const wellBaked = ({ minDurationMs }: StepRules, measured: string): string =>
  `The bake of ${formatDuration(minDurationMs)} is over without objection: ${measured}`;

function paused({ pause, weight }: StepRules, { human, pausedMs = 0 }: StepNow): StepConclusion | undefined {
  if (pause === false || human.resumed) return undefined;
  const reason = REASON.PausedByStep;
  if (pause === true) {
    const at = weight === undefined ? '' : ` from ${weight}%`;
    return asks({ reason, sentence: `The step passed; a human has to resume the release${at}.` });
  }
  if (pausedMs >= pause) return undefined;
  const sentence = `The step passed; it pauses for ${formatDuration(pause)}.`;
  return { to: 'wait', said: { reason, sentence }, human: false, againMs: pause - pausedMs, pausedMs };
}

/** Neither pass nor fail: wait for more data; when the time is up, do what the policy says. */
function unproven(rules: StepRules, now: StepNow): StepConclusion {
  const limitMs = limitOf(rules);
  const said = now.verdict === undefined ? FIRST_WINDOW : saidBy(now.verdict);
  if (now.exposedMs >= limitMs) return timeUp(rules, now, said);
  return quiet(rules, now) ?? baked(rules, now) ?? unknown(now) ?? waits(said, limitMs - now.exposedMs);
}

const FIRST_WINDOW: Said = { reason: REASON.Measuring, sentence: 'The first window is being measured.' };

function timeUp(rules: StepRules, now: StepNow, { sentence }: Said): StepConclusion {
  const { onInconclusive, weight = 0 } = rules;
  const last: Said = {
    reason: REASON.Inconclusive,
    sentence: `No conclusion after ${formatDuration(limitOf(rules))}: ${sentence}`,
  };
  if (onInconclusive === 'rollback') return { to: 'rollback', said: last };
  const withheld = baked(rules, now);
  if (withheld !== undefined) return withheld;
  // A tolerable verdict needs no conclusion, unless it is out of date: then it does not count.
  const tolerable = now.current && now.verdict?.tolerable === true;
  if (onInconclusive === 'promote' && weight < 100 && tolerable) return { to: 'next', said: last };
  return letOn(now) ?? asks(onInconclusive === 'promote' ? notLetThrough(last) : last);
}

/**
 * No request goes to the canary in this step: a human who tries the new version may learn more than the metrics can.
 * Measuring continues, for metrics that have data without live requests.
 */
function quiet(rules: StepRules, now: StepNow): StepConclusion | undefined {
  if (!rules.quiet || now.elapsedMs < rules.minDurationMs) return undefined;
  const known = now.verdict?.sentence ?? 'nothing is measured yet';
  const sentence = `The new version runs at its whole size without live requests: ${known}. Try it, then resume the release, or abort it.`;
  return letOn(now) ?? asks({ reason: REASON.Inconclusive, sentence });
}

/** The bake is over, but the promotion is withheld: meanwhile users meet the new version, so a human is asked at once. */
function baked(rules: StepRules, now: StepNow): StepConclusion | undefined {
  const { verdict } = now;
  if (rules.weight !== 100 || verdict === undefined || !isOverWithout(rules, now, verdict)) return undefined;
  const sentence = `The bake of ${formatDuration(rules.minDurationMs)} is over and all requests go to the new version, but its promotion is withheld: ${verdict.sentence}. Resume the release, or abort it; a later window without objection promotes it as well.`;
  return letOn(now) ?? asks({ reason: REASON.Inconclusive, sentence });
}

/** More windows do not say how much single pods vary, so a human is asked as soon as the rest is known. */
function unknown({ current, verdict, human }: StepNow): StepConclusion | undefined {
  const asked = verdict?.reason === REASON.Uncalibrated || verdict?.reason === REASON.HarmSuspected;
  return current && asked ? (letOn({ human }) ?? asks(saidBy(verdict))) : undefined;
}

function letOn({ human }: Pick<StepNow, 'human'>): StepConclusion | undefined {
  const sentence = 'A human resumed the release without a conclusion.';
  return human.resumed ? { to: 'next', said: { reason: REASON.ResumedByHuman, sentence } } : undefined;
}

/** `promote` forgives that safety is not proven; it does not forgive missing data or what speaks for harm. */
function notLetThrough({ reason, sentence }: Said): Said {
  const why =
    'It is promoted without a conclusion only if nothing speaks for harm, every metric has data and what was seen lies inside the safe margins; a human has to decide.';
  return { reason, sentence: `${sentence}. ${why}` };
}
