import { isUnlikely } from '../../analysis/judge/core/crashes.ts';
import { REASON } from '../../api/reasons.ts';
import type { Facts } from '../facts/facts.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { crashed, recordsOf } from './canary-crashes.ts';
import type { Cause } from './withdraw.ts';

/** One crash may come from a dependency that was late; this many are a pattern. */
const CRASHES = 2;
const RESTARTS = 3;

/** Pods of the canary crash, restart, or are not ready in time. */
export function canaryFailure(facts: Facts, release: Release): Cause | undefined {
  if (!facts.canary.ours || !facts.canary.ofRelease) return undefined;
  return crashing(facts) ?? crashed(facts, release) ?? late(facts);
}

/** Whether a pod got requests or not. Many restarts are no pattern of the new version where stable's pods restart as often. */
function crashing(facts: Facts): Cause | undefined {
  const { pods } = facts.canary;
  const all = pods.reduce((sum, { restarts }) => sum + restarts, 0);
  const looping = pods.find((pod) => pod.waiting === 'CrashLoopBackOff' && pod.restarts >= CRASHES);
  const pod = looping ?? pods.find((each) => each.restarts >= RESTARTS && isUnlikely(recordsOf(facts, all)));
  if (pod === undefined) return undefined;
  const sentence = `Canary pod ${pod.name} restarted ${pod.restarts} times${looping === undefined ? '' : ' and is in CrashLoopBackOff'}.`;
  return { reason: REASON.CanaryCrashLooping, sentence };
}

/** Pods that the scheduler or the API server refuses do not count as late: the code is not at fault. */
function late(facts: Facts): Cause | undefined {
  const { canary, nowMs } = facts;
  const deployment = canary.deployment;
  if (deployment === undefined || canary.rejected !== undefined) return undefined;
  const deadlineMs = deployment.progressDeadlineMs;
  const pod = canary.pods.find((each) => !each.ready && nowMs - each.readyChangedMs >= deadlineMs);
  const seconds = Math.round(deadlineMs / 1000);
  if (pod !== undefined) {
    const why = pod.waiting === undefined ? '' : ` (${pod.waiting})`;
    const sentence = `Canary pod ${pod.name} is not ready after ${seconds} s${why}.`;
    return { reason: REASON.ProgressDeadlineExceeded, sentence };
  }
  const createdMs = Date.parse(deployment.object.metadata.creationTimestamp ?? '');
  if (canary.pods.length > 0 || canary.wanted === 0 || !(nowMs - createdMs >= deadlineMs)) return undefined;
  const sentence = `The canary has no pods ${seconds} s after it was made.`;
  return { reason: REASON.ProgressDeadlineExceeded, sentence };
}
