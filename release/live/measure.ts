import { wantsHistory } from '../../analysis/judge/core/judge.ts';
import { metricsOf } from '../../api/bound.ts';
import { REASON } from '../../api/reasons.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { trafficVariables } from '../../providers/index.ts';
import { fencedTemplates } from '../facts/fence.ts';
import type { Facts } from '../facts/facts.ts';
import { intervalOf, isExposed } from '../facts/exposure.ts';
import type { Answer } from '../model.ts';
import type { MeasureJob } from '../../api/measuring.ts';
import { POLL_MS } from '../answer.ts';
import { shareQueries } from '../step/share.ts';
import { isLive, stepFacts, type StepFacts } from '../step/stage.ts';
import { coldPods, isMeasurable, isWarming, windowOf } from './window.ts';

/**
 * Whatever a pass decides, the next window is measured as soon as it is over, while the canary may have requests. A
 * measurement writes nothing, so it comes before every write that may be refused.
 */
export function keepJudging(facts: Facts, answer: Answer): Answer {
  const { active } = facts;
  const status = active === undefined ? undefined : statusAfter(active, answer);
  if (active === undefined || status === undefined || !isLive(status.phase)) return answer;
  const s = stepFacts(facts, active, status);
  const due = s && (isMeasurable(s) ? nextWindow(s) : nextProbe(s));
  if (due === undefined) return answer;
  const requeueAfterMs = Math.max(0, Math.min(due.inMs, answer.requeueAfterMs ?? Infinity));
  const { job } = due;
  const templates = fencedTemplates(job?.templates ?? [], facts.snapshot);
  const measure = job === undefined ? [] : [{ do: 'measure' as const, job: { ...job, templates } }];
  return { ...answer, actions: [...measure, ...answer.actions], requeueAfterMs };
}

export const statusAfter = ({ metadata, status }: Release, answer: Answer): ReleaseStatus | undefined =>
  answer.status?.release === metadata.name ? answer.status.next : status;

interface Due {
  /** absent: not due yet, or another measurement is running */
  job?: MeasureJob;
  inMs: number;
}

function nextWindow(s: StepFacts): Due {
  const { snapshot, nowMs } = s.facts;
  const window = windowOf(s);
  const dueMs = window.endMs + snapshot.config.scrapeLagMs - nowMs;
  if (dueMs > 0) return { inMs: dueMs };
  if (snapshot.measuring) return { inMs: POLL_MS };
  const share = shareQueries(s);
  const job: MeasureJob = {
    key: snapshot.key,
    release: s.release.metadata.name,
    step: s.index,
    window,
    templates: s.templates,
    variables: variablesOf(s, isWarming(s, window) ? undefined : window.startMs),
    calibrate: wantsHistory(s.status.analysis),
    ...(share === undefined ? {} : { share }),
    ...(isWarming(s, window) ? { warming: true as const } : {}),
  };
  return { job, inMs: POLL_MS };
}

/** `warmAtMs`: canary pods that were not warm at that time are left out. */
export function variablesOf(s: StepFacts, warmAtMs?: number): Record<string, string> {
  const { facts, release, traffic, split, target } = s;
  const cold = warmAtMs === undefined ? [] : coldPods(s, warmAtMs).map(({ name }) => name);
  const stable = facts.stable?.replicaSet?.pods ?? [];
  // While the target rolls out, the comparison is with everything behind the stable Service.
  const behind = target.paused ? stable : target.replicaSets.flatMap(({ pods }) => pods);
  return {
    ...trafficVariables(traffic.context, split),
    release: release.metadata.name,
    canaryDeployment: facts.canary.name,
    stablePods: behind.map(({ name }) => name).join(','),
    canaryPods: facts.canary.answering.filter((name) => !cold.includes(name)).join(','),
  };
}

/** While the canary gets nothing because data were missing: measures whether there are data of stable. */
function nextProbe(s: StepFacts): Due | undefined {
  const { snapshot, nowMs } = s.facts;
  if (s.status.withheld?.reason !== REASON.DataMissing || isExposed(s.facts)) return undefined;
  const lengthMs = intervalOf(s.facts);
  const endMs = Math.floor((nowMs - snapshot.config.scrapeLagMs) / lengthMs) * lengthMs;
  const nextMs = endMs + lengthMs + snapshot.config.scrapeLagMs - nowMs;
  if (snapshot.measuring) return { inMs: POLL_MS };
  if (snapshot.measured?.stableOnly === true && snapshot.measured.window.endMs >= endMs)
    return { inMs: nextMs };
  const job: MeasureJob = {
    key: snapshot.key,
    release: s.release.metadata.name,
    step: s.index,
    window: { startMs: endMs - lengthMs, endMs },
    templates: s.templates,
    variables: variablesOf(s),
    stableOnly: true,
  };
  return { job, inMs: POLL_MS };
}

/** Did the probe bring data for every metric that may stop a release? */
export function probeAnswers({ facts, release, templates, status }: StepFacts): boolean {
  const { measured } = facts.snapshot;
  if (measured?.stableOnly !== true || measured.release !== release.metadata.name) return false;
  if (measured.window.endMs <= Date.parse(status.withheld?.since ?? '')) return false;
  const wanted = metricsOf(templates).filter(({ metric }) => metric.critical && !metric.dryRun);
  return wanted.every(({ key }) =>
    measured.measurements.some(({ metric, outcome }) => metric === key && outcome === 'ok'),
  );
}
