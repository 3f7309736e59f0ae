import type { Verdict } from '../../../api/analysis.ts';
import type { Phase, Release } from '../../../api/release.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { isTurnedDown, phaseOf } from '../../facts/records.ts';
import { servingAlone } from '../../facts/workload.ts';
import type { Action, Answer } from '../../model.ts';
import { NOTHING, type StatusChange } from '../../status/next.ts';
import { event, markFailed, pause } from '../../actions.ts';
import { answerFor, AT_ONCE, POLL_MS, regardless, type FactsRule } from '../../answer.ts';
import { leave, zeroWeight } from '../../plan/leave.ts';

/** How a release that is withdrawn ends, by the reason it is withdrawn for. All others are the code's fault: RolledBack. */
const END: Record<string, Phase> = {
  [REASON.AbortedByHuman]: 'Aborted',
  [REASON.RevertedByAuthor]: 'Aborted',
  [REASON.RevertedByHuman]: 'Aborted',
  [REASON.OptedOut]: 'Aborted',
  [REASON.TargetDeleted]: 'Aborted',
  [REASON.ReleaseDeleted]: 'Aborted',
  [REASON.StableLost]: 'Aborted',
  [REASON.TrafficShareTooHigh]: 'Aborted',
  [REASON.RouteRejected]: 'Aborted',
  [REASON.Refused]: 'Aborted',
  [REASON.Superseded]: 'Superseded',
  [REASON.EscapedHold]: 'Escaped',
};

export interface Cause {
  /** a constant of api/reasons.ts; it stays the status' reason to the end */
  reason: string;
  sentence: string;
  /** before the weight: only what must not wait */
  first?: Action[];
  verdict?: Verdict;
  change?: StatusChange;
}

/**
 * Begins to take a release back. Weight 0 is in this very pass; everything after it follows in `withdrawing`. That it is withdrawn is
 * recorded even if weight 0 could not be written: the next pass tries that again, and nobody takes the release for a going one.
 */
export function withdraw(facts: Facts, release: Release, cause: Cause): Answer {
  const { reason, sentence } = cause;
  const actions = [...(cause.first ?? []), ...zeroWeight(facts)];
  const change: StatusChange = {
    ...cause.change,
    phase: 'RollingBack',
    ...NOTHING,
    stepStartedAt: new Date(facts.nowMs).toISOString(),
    drainStartedAt: undefined,
    ...(cause.verdict === undefined ? {} : { verdict: cause.verdict }),
  };
  const numbers = cause.verdict?.numbers;
  const parts = {
    reason,
    sentence,
    actions,
    requeueAfterMs: AT_ONCE,
    ...(numbers === undefined ? {} : { numbers }),
  };
  const answer = answerFor(facts, release, parts, change);
  return cause.first === undefined ? regardless(answer) : answer;
}

/** Goes on with a release that is being taken back, to its end. Nothing but the API server itself can stop it. */
export const withdrawing: FactsRule = {
  name: 'withdrawing',
  decide(facts) {
    const release = facts.active;
    if (release === undefined || phaseOf(release) !== 'RollingBack') return undefined;
    return leave(facts, release, cause(release)) ?? stableBack(facts, release) ?? ended(facts, release);
  },
};

/** What a release is withdrawn for stays its reason and message, whatever is being done about it. */
export function cause(release: Release): StatusChange {
  return { reason: release.status?.reason, message: release.status?.message };
}

/** A promotion that was begun is undone natively; the release ends when the stable template serves alone again. */
function stableBack(facts: Facts, release: Release): Answer | undefined {
  const { target, stable } = facts;
  if (target === undefined || stable === undefined || stable.foreign || !stable.wanted || target.paused)
    return undefined;
  if (servingAlone(target) === undefined || !target.observed) {
    const sentence = 'The stable template is rolling out again.';
    const parts = { reason: REASON.RollbackInProgress, sentence, requeueAfterMs: POLL_MS };
    return answerFor(facts, release, parts, cause(release));
  }
  // The native controller replaces the sign of failure on a target that may roll out.
  if (facts.snapshot.config.hold === 'admission' && !isFailure(release)) return undefined;
  const sentence = 'The stable template serves alone again; the target is paused.';
  const actions = [pause(facts, target, 'failed')];
  const parts = { reason: REASON.Holding, sentence, actions, requeueAfterMs: AT_ONCE };
  return answerFor(facts, release, parts, cause(release));
}

/** The phase in which a release ends that is withdrawn for what its status says. */
export const endOf = ({ status }: Release): Phase =>
  END[status?.reason ?? REASON.AbortedByHuman] ?? 'RolledBack';

/** It ends with the native sign of failure. */
const isFailure = (release: Release): boolean =>
  endOf(release) === 'RolledBack' || isTurnedDown(release.status?.reason ?? REASON.AbortedByHuman);

function ended(facts: Facts, release: Release): Answer {
  const reason = release.status?.reason ?? REASON.AbortedByHuman;
  const sentence = release.status?.message ?? '';
  const phase = endOf(release);
  const { target } = facts;
  const failed = isFailure(release);
  const shown = facts.holdsNewest || release.status?.promotionStartedAt !== undefined;
  const marks = failed && shown && target !== undefined ? markFailed(facts, target, sentence) : [];
  const type = phase === 'Superseded' || reason === REASON.RevertedByAuthor ? 'Normal' : 'Warning';
  const told = event(
    facts,
    type,
    phase,
    `Release ${release.metadata.name}: ${ending(facts, reason, sentence)}`,
  );
  const parts = {
    reason,
    sentence,
    actions: [...marks, ...told],
    outcome: 'done' as const,
    requeueAfterMs: AT_ONCE,
  };
  return answerFor(facts, release, parts, { phase, ...NOTHING });
}

function ending(facts: Facts, reason: string, sentence: string): string {
  if (reason !== REASON.OptedOut || facts.target?.paused !== true) return sentence;
  return `${sentence} The target stays paused: "kubectl rollout resume deployment/${facts.key.name}" now rolls out natively.`;
}
