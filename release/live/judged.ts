import type { AnalysisState, Verdict } from '../../api/kinds/release/verdict.ts';
import type { Measurement, Window } from '../../api/analysis.ts';
import { REASON } from '../../api/reasons.ts';
import { inheritedState } from '../../analysis/judge/core/inherited.ts';
import { judgeWindow, startStep } from '../../analysis/judge/core/judge.ts';
import { isSticky, reachAfter } from '../../analysis/step/rules.ts';
import { recordedTemplates } from '../facts/records.ts';
import type { MeasureResult } from '../../api/measuring.ts';
import { shareAfter, splitMeasurements } from '../step/share.ts';
import type { StepFacts } from '../step/stage.ts';
import { drifted } from '../step/weight-stages.ts';
import { counts, windowOf } from './window.ts';

/** The step with the newest finished measurement, if that is of the due window. */
export function judged(s: StepFacts): StepFacts | undefined {
  const window = windowOf(s);
  const result = resultOf(s);
  if (result === undefined || !isSame(result.window, window)) return undefined;
  const { metrics, share } = splitMeasurements(result);
  const { verdict, analysis } = judge(s, { window, metrics, share, warming: result.warming === true });
  const next = { ...s, status: { ...s.status, analysis, verdict } };
  if (verdict.result === 'fail' || drifted(next)) return next;
  const counted = shareAfter(s, window, share);
  return counted === undefined ? next : { ...next, status: { ...next.status, share: counted } };
}

/** The newest window has been judged without harm, and Prometheus answered its queries, with data or without. */
export function justJudged(s: StepFacts): boolean {
  const result = resultOf(s);
  if (result === undefined || result.window.endMs !== s.status.analysis?.measuredUntilMs) return false;
  const { metrics } = splitMeasurements(result);
  return (
    metrics.length > 0 && metrics.every(({ outcome }) => outcome !== 'serverError' && outcome !== 'timeout')
  );
}

/** The measurement, if it is of this release, this step, and a canary that gets requests. */
function resultOf({ facts, release, index }: StepFacts): MeasureResult | undefined {
  const { measured } = facts.snapshot;
  const ours = measured?.release === release.metadata.name && measured.step === index;
  return ours && measured.stableOnly !== true ? measured : undefined;
}

const isSame = (a: Window, b: Window): boolean => a.startMs === b.startMs && a.endMs === b.endMs;

interface Judging {
  window: Window;
  metrics: Measurement[];
  share: Measurement | undefined;
  warming: boolean;
}

function judge(
  s: StepFacts,
  { window, metrics, share, warming }: Judging,
): { verdict: Verdict; analysis: AnalysisState } {
  const before = s.status.analysis;
  const state = before?.step === s.index ? before : startStep(before ?? inherited(s), s.index, s.templates);
  const { state: after, verdict } = judgeWindow(state, {
    templates: s.templates,
    measurements: metrics,
    window,
    nextWeight: reachAfter(s.policy, s.index),
    steps: s.ladder.length,
    alone: s.split.weight === 100,
    sticky: isSticky(s.policy),
    warming,
  });
  const idle = share?.outcome === 'ok' && share.kind === 'share' && share.canary === 0;
  const analysis = {
    ...after,
    step: s.index,
    measuredUntilMs: window.endMs,
    ...(idle ? { dataUntilMs: window.endMs } : {}),
  };
  return counts(s, window) ? { verdict, analysis } : unsettled(s, { verdict, analysis });
}

/**
 * Measurements before the weight is confirmed and settled do not count as evidence of safety; evidence of harm stays.
 */
function unsettled(
  s: StepFacts,
  { verdict, analysis }: { verdict: Verdict; analysis: AnalysisState },
): { verdict: Verdict; analysis: AnalysisState } {
  const { verdicts, gaps } = analysis;
  const state = { ...startStep(analysis, s.index, s.templates), verdicts, gaps };
  if (verdict.result !== 'pass') return { verdict, analysis: state };
  const sentence = `no harm shown (${verdict.sentence}); what is measured before the weight is confirmed and settled does not count for safety`;
  return {
    verdict: { ...verdict, result: 'inconclusive', reason: REASON.Settling, sentence },
    analysis: state,
  };
}

/** The dispersion learnt in earlier releases of the same target, for the first window of this one. */
function inherited({ facts, release, templates }: StepFacts): AnalysisState | undefined {
  const at = facts.releases.findIndex((each) => each.metadata.name === release.metadata.name);
  const earlier = facts.releases
    .slice(at + 1)
    .filter((each) => each.spec.target.uid === release.spec.target.uid);
  const formers = earlier.flatMap((each) => {
    const { analysis } = each.status ?? {};
    const bound = analysis === undefined ? undefined : recordedTemplates(each);
    return analysis === undefined || bound === undefined ? [] : [{ templates: bound, analysis }];
  });
  return inheritedState(templates, formers);
}
