import type { Verdict } from '../../api/kinds/release/verdict.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { Withdrawal } from '../../api/kinds/release/status.ts';
import { REASON, type Reason } from '../../api/reasons.ts';
import type { Facts } from '../facts/facts.ts';
import { withdrawalOf } from '../facts/records.ts';
import { servingAlone } from '../facts/workload.ts';
import type { Action, Answer } from '../model.ts';
import { NOTHING, type StatusChange } from '../status/next.ts';
import { event, markFailed, pause } from '../actions.ts';
import { answerFor, AT_ONCE, POLL_MS, regardless } from '../answer.ts';
import { leave, zeroWeight } from './leave.ts';

/** The evidence, or the canary itself, shows that the code is at fault. */
const FAULTY: Withdrawal = { endsAs: 'RolledBack', turnedDown: true };
/** The code is not at fault, but the held template is not tried again until a human orders it. */
export const TURNED_DOWN: Withdrawal = { endsAs: 'Aborted', turnedDown: true };
/** The release ends; nothing is said about its template. */
export const ENDED: Withdrawal = { endsAs: 'Aborted', turnedDown: false };

export interface Cause {
  /** stays the status' reason to the end */
  reason: Reason;
  sentence: string;
  /** absent: the code is at fault, and the template is rejected */
  withdrawal?: Withdrawal;
  /** actions before the weight: only those that must not wait */
  first?: Action[];
  verdict?: Verdict;
  change?: StatusChange;
  doubtsHold?: true;
}

/**
 * Begins to take a release back. Weight 0 is in this very pass; everything after it follows in `goOnWithdrawing`. The
 * withdrawal is recorded even if weight 0 could not be written: the next pass tries that again, and the release does
 * not count as a running one.
 */
export function withdraw(facts: Facts, release: Release, cause: Cause): Answer {
  const { reason, sentence, withdrawal = FAULTY } = cause;
  const actions = [...(cause.first ?? []), ...zeroWeight(facts)];
  const change: StatusChange = {
    ...cause.change,
    phase: 'RollingBack',
    withdrawal,
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
    ...(cause.doubtsHold === true ? { doubtsHold: cause.doubtsHold } : {}),
  };
  const answer = answerFor(facts, release, parts, change);
  return cause.first === undefined ? regardless(answer) : answer;
}

/** Continues to take a release back, to its end. Only the API server itself can stop it. */
export function goOnWithdrawing(facts: Facts, release: Release): Answer {
  return leave(facts, release, cause(release)) ?? stableBack(facts, release) ?? ended(facts, release);
}

/** The cause of the withdrawal stays the release's reason and message, whatever is being done. */
export function cause(release: Release): StatusChange {
  return { reason: release.status?.reason, message: release.status?.message };
}

/** A promotion that began is undone natively; the release ends when the stable template serves alone again. */
function stableBack(facts: Facts, release: Release): Answer | undefined {
  const { target, stable } = facts;
  if (target === undefined || stable === undefined || stable.foreign || !stable.wanted || target.paused)
    return undefined;
  if (servingAlone(target) === undefined || !target.observed) {
    const sentence = 'The stable template is rolling out again.';
    const parts = { reason: REASON.RollbackInProgress, sentence, requeueAfterMs: POLL_MS };
    return answerFor(facts, release, parts, cause(release));
  }
  // On a target that may roll out, the native controller would replace the sign of failure.
  if (facts.snapshot.config.hold === 'admission' && !isFailure(release)) return undefined;
  const sentence = 'The stable template serves alone again; the target is paused.';
  const actions = [pause(facts, target, 'failed')];
  const parts = { reason: REASON.Holding, sentence, actions, requeueAfterMs: AT_ONCE };
  return answerFor(facts, release, parts, cause(release));
}

/** Does it end with the native sign of failure? */
const isFailure = (release: Release): boolean => withdrawalOf(release).turnedDown;

function ended(facts: Facts, release: Release): Answer {
  const reason = release.status?.reason ?? REASON.AbortedByHuman;
  const sentence = release.status?.message ?? '';
  const { endsAs: phase, by } = withdrawalOf(release);
  const { target } = facts;
  const failed = isFailure(release);
  const shown = facts.holdsNewest || release.status?.promotionStartedAt !== undefined;
  const marks = failed && shown && target !== undefined ? markFailed(facts, target, sentence) : [];
  const type = by === 'Author' ? 'Normal' : 'Warning';
  const told = event(facts, type, phase, `Release ${release.metadata.name}: ${ending(facts, sentence)}`);
  const parts = {
    reason,
    sentence,
    actions: [...marks, ...told],
    outcome: 'done' as const,
    requeueAfterMs: AT_ONCE,
  };
  return answerFor(facts, release, parts, { phase, ...NOTHING });
}

function ending(facts: Facts, sentence: string): string {
  if (facts.optedIn !== undefined || facts.target?.paused !== true) return sentence;
  return `${sentence} The target stays paused: "kubectl rollout resume deployment/${facts.key.name}" now rolls out natively.`;
}
