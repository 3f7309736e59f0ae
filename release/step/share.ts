import { SHARE, type Measurement, type ShareQueries, type Window } from '../../api/analysis.ts';
import { metricsOf } from '../../api/bound.ts';
import { noCount } from '../../lib/count.ts';
import { endpointOf } from '../../api/kinds/template/source.ts';
import { REASON } from '../../api/reasons.ts';
import type { TrafficShare } from '../../api/kinds/release/status.ts';
import { serves } from '../../analysis/measure/sources.ts';
import { judgeShare, shareUnknown } from '../../analysis/judge/core/share.ts';
import { timeOf } from '../facts/workload.ts';
import type { MeasureResult } from '../../api/measuring.ts';
import type { Answer } from '../model.ts';
import { TURNED_DOWN, withdraw } from '../plan/withdraw.ts';
import type { StepFacts } from './stage.ts';

/** Does the data plane do what the route says? The requests of both versions are counted and compared with the weight. */

/** Separates the counts of the measured window from the measurements of metrics. */
export function splitMeasurements({ measurements }: MeasureResult): {
  metrics: Measurement[];
  share: Measurement | undefined;
} {
  return {
    metrics: measurements.filter(({ metric }) => metric !== SHARE),
    share: measurements.find(({ metric }) => metric === SHARE),
  };
}

/** The queries that count requests; undefined where counts would say nothing. */
export function shareQueries(s: StepFacts): ShareQueries | undefined {
  const { requests, metric } = s.release.spec.traffic?.preset ?? {};
  if (requests === undefined || whyNot(s) !== undefined) return undefined;
  if (metric === undefined) {
    const first = s.templates.find(({ template }) => serves(template, 'share'));
    return first && { source: endpointOf(first.template), ...requests };
  }
  const bound = metricsOf(s.templates).find(({ key }) => key === metric)?.bound;
  return bound && { source: endpointOf(bound.template), ...requests, metric };
}

/** What is known of the share after this window; undefined where requests are not split by weight. */
export function shareAfter(
  s: StepFacts,
  window: Window,
  measurement: Measurement | undefined,
): TrafficShare | undefined {
  const { status, split } = s;
  const since = status.weightObservedAt;
  if (since === undefined || !isShared(s)) return undefined;
  const at = { since, wanted: split.weight };
  const why = whyNot(s) ?? uncounted(s, window, measurement);
  if (why !== undefined) return shareUnknown(status.share, { ...at, why });
  if (measurement?.outcome !== 'ok' || measurement.kind !== 'share') return status.share;
  const { canary, stable } = measurement;
  return judgeShare(status.share, { ...at, canary, stable });
}

const isShared = ({ split }: StepFacts): boolean => split.weight > 0 && split.weight < 100;

/** What prevents any comparison, as the end of a sentence. */
function whyNot({ split, traffic, release }: StepFacts): string | undefined {
  const { preset } = release.spec.traffic ?? {};
  if (split.matching) return 'requests that match go to the canary whatever the weight';
  if (split.mirror > 0) return 'copies are counted with the requests';
  const { provider, context } = traffic;
  const uncountable = context.routes.map((route) => provider.uncountable?.(route)).find(Boolean);
  if (uncountable !== undefined) return uncountable;
  if (preset?.requests === undefined)
    return preset?.name === 'none' || preset === undefined
      ? (preset?.because ?? 'the release was begun by a version that did not count')
      : `the queries of preset ${preset.name} do not count what is split`;
  return undefined;
}

/** Why this window adds nothing. Scrapes at its beginning must not contain requests of the weight before. */
function uncounted(s: StepFacts, window: Window, measurement: Measurement | undefined): string | undefined {
  const { facts, policy, status, traffic } = s;
  const settleMs = policy.settleMs ?? traffic.provider.settleMs;
  const fromMs = timeOf(status.weightObservedAt, facts.nowMs) + settleMs + facts.snapshot.config.scrapeLagMs;
  if (window.startMs < fromMs)
    return 'the first windows after a weight was set may hold requests from before';
  if (measurement === undefined) return 'the last window was not counted';
  if (measurement.outcome !== 'ok') return measurement.sentence;
  return measurement.kind === 'share'
    ? (noCount('the requests of the canary', measurement.canary) ??
        noCount('the requests of stable', measurement.stable))
    : undefined;
}

/** Too much traffic at the canary, beyond doubt: it is taken away. The code under test is not to blame. */
export function overflow(s: StepFacts): Answer | undefined {
  const { share, analysis } = s.status;
  if (share?.reason !== REASON.TrafficShareTooHigh || share.since !== s.status.weightObservedAt)
    return undefined;
  const { reason, sentence } = share;
  return withdraw(s.facts, s.release, {
    reason,
    sentence,
    withdrawal: TURNED_DOWN,
    change: { analysis, share },
  });
}

/** A step does not advance while the counts contradict its weight: what was measured is not what the step is about. */
export function starved(s: StepFacts): TrafficShare | undefined {
  const { share, weightObservedAt } = s.status;
  if (share === undefined || share.since !== weightObservedAt) return undefined;
  const { reason } = share;
  return reason === REASON.TrafficShareTooLow || reason === REASON.TrafficShareNone ? share : undefined;
}
