import { breakDown } from '../../analysis/judge/breakdown/breakdown.ts';
import { countedFrom } from '../../analysis/judge/breakdown/counted-from.ts';
import { kindOfMetric } from '../../analysis/judge/kinds.ts';
import { metricsOf, type BoundMetric } from '../../api/bound.ts';
import type { Breakdown } from '../../api/kinds/release/breakdown.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { MeasureJob, MeasureResult } from '../../api/measuring.ts';
import { REASON } from '../../api/reasons.ts';
import { fencedTemplates } from '../facts/fence.ts';
import type { Facts } from '../facts/facts.ts';
import type { Answer } from '../model.ts';
import { stepFacts } from '../step/stage.ts';
import { statusAfter, variablesOf } from './measure.ts';

/**
 * A release that is taken back because a metric failed: which values of a label explain the failure is asked once, beside
 * the way out, and recorded if the answer comes before the release ends. No action waits for it.
 */
export function breakingDown(facts: Facts, answer: Answer): Answer {
  const { active, snapshot } = facts;
  const status = active === undefined ? undefined : statusAfter(active, answer);
  if (active === undefined || status?.withdrawal === undefined || status.breakdown !== undefined)
    return answer;
  const failed = failedMetrics(facts, status);
  if (failed.length === 0) return answer;
  const { measured } = snapshot;
  if (measured?.byLabel !== undefined && measured.release === active.metadata.name)
    return recorded(answer, active, brokenDown(failed, status, measured));
  const job = snapshot.measuring ? undefined : jobOf(facts, { active, status, failed });
  return job === undefined ? answer : { ...answer, actions: [...answer.actions, { do: 'measure', job }] };
}

/** The metrics that failed; if they failed only together, all that have part in it. Only those with a breakdown. */
function failedMetrics({ templates = [] }: Facts, { verdict, analysis }: ReleaseStatus): BoundMetric[] {
  if (verdict?.result !== 'fail') return [];
  const having = metricsOf(templates).filter(
    ({ metric }) => !metric.dryRun && kindOfMetric(metric).brokenDown?.(metric) !== undefined,
  );
  const failing =
    analysis?.verdicts.filter(({ result }) => result === 'fail').map(({ metric }) => metric) ?? [];
  if (failing.length > 0) return having.filter(({ key }) => failing.includes(key));
  return verdict.reason === REASON.HarmDetected ? having : [];
}

/** Everything that was judged. */
function jobOf(
  facts: Facts,
  { active, status, failed }: { active: Release; status: ReleaseStatus; failed: readonly BoundMetric[] },
): MeasureJob | undefined {
  const { snapshot } = facts;
  const s = stepFacts(facts, active, status);
  const endMs = status.analysis?.measuredUntilMs;
  if (s === undefined || endMs === undefined) return undefined;
  const { startMs } = countedFrom(Date.parse(status.startedAt), endMs);
  if (!(startMs < endMs)) return undefined;
  return {
    key: snapshot.key,
    release: active.metadata.name,
    step: s.index,
    window: { startMs, endMs },
    templates: fencedTemplates(s.templates, snapshot),
    variables: variablesOf(s),
    byLabel: failed.map(({ key }) => key),
  };
}

const recorded = (answer: Answer, { metadata }: Release, breakdown: Breakdown[]): Answer =>
  answer.status?.release === metadata.name
    ? { ...answer, status: { ...answer.status, next: { ...answer.status.next, breakdown } } }
    : answer;

function brokenDown(
  failed: readonly BoundMetric[],
  { analysis, startedAt }: ReleaseStatus,
  { measurements, window }: MeasureResult,
): Breakdown[] {
  const { logWeight } = countedFrom(Date.parse(startedAt), window.endMs);
  return failed.flatMap(({ key, metric, bound }) => {
    const asked = kindOfMetric(metric).brokenDown?.(metric);
    if (asked === undefined) return [];
    const phi = analysis?.verdicts.find((each) => each.metric === key)?.numbers['dispersion'] ?? 1;
    const question = { ...asked, metric: key, phi, alpha: bound.template.risk.harm, logWeight };
    return [
      breakDown(
        measurements.find((each) => each.metric === key),
        question,
      ),
    ];
  });
}
