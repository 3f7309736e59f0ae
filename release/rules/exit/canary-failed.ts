import { REASON } from '../../../api/reasons.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf } from '../../facts/records.ts';
import type { PodFacts } from '../../facts/workload.ts';
import type { FactsRule } from '../../answer.ts';
import { withdraw, type Cause } from './withdraw.ts';

/** One crash may be a dependency that was late; this many are a pattern. */
const CRASHES = 2;
const RESTARTS = 3;
/** So often may a canary under traffic lose its last ready pod. */
const LOSSES = 3;

/** Canary pods that crash, restart, or do not become ready in time: the release fails, it never waits for ever. */
export const canaryFailed: FactsRule = {
  name: 'canary-failed',
  decide(facts) {
    const { active } = facts;
    if (active === undefined || !['Progressing', 'Waiting'].includes(phaseOf(active))) return undefined;
    const failure = canaryFailure(facts) ?? unsteady(active);
    return failure === undefined ? undefined : withdraw(facts, active, failure);
  },
};

export function canaryFailure(facts: Facts): Cause | undefined {
  if (!facts.canary.ours || !facts.canary.ofRelease) return undefined;
  return crashing(facts.canary.pods) ?? late(facts);
}

/** Readiness that comes and goes would otherwise begin the same step for ever, each time with failing requests. */
function unsteady({ status }: Release): Cause | undefined {
  const losses = status?.losses ?? 0;
  if (losses < LOSSES) return undefined;
  const sentence = `The canary lost its last ready pod ${losses} times while traffic went to it.`;
  return { reason: REASON.CanaryUnhealthy, sentence };
}

function crashing(pods: PodFacts[]): Cause | undefined {
  const looping = pods.find((pod) => pod.waiting === 'CrashLoopBackOff' && pod.restarts >= CRASHES);
  const pod = looping ?? pods.find((each) => each.restarts >= RESTARTS);
  if (pod === undefined) return undefined;
  const sentence = `Canary pod ${pod.name} restarted ${pod.restarts} times${looping === undefined ? '' : ' and is in CrashLoopBackOff'}.`;
  return { reason: REASON.CanaryCrashLooping, sentence };
}

/** Pods the scheduler or the API server refuses are not late: that is nobody's code. */
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
