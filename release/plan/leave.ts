import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { isNothing, wantedSplit } from '../../api/split.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import { canaryServiceName, isMadeFor } from '../canary/index.ts';
import { timeOf } from '../facts/workload.ts';
import type { Facts } from '../facts/facts.ts';
import type { KubeObject } from '../../api/kube.ts';
import { OFF } from '../../providers/provider.ts';
import type { Action, Answer } from '../model.ts';
import { NOTHING, type StatusChange } from '../status/next.ts';
import { forgetOriginals, remove, urgent, writes } from '../actions.ts';
import { answerFor, AT_ONCE, POLL_MS } from '../answer.ts';
import { unfollow } from './following.ts';

/** A back end that never confirms must not hold up a rollback for ever. */
const CONFIRM_WITHIN_MS = 120_000;

/** Takes all traffic off the canary; [] when nothing goes there. */
export function zeroWeight({ traffic }: Facts): Action[] {
  if (traffic === undefined || traffic.zero) return [];
  return urgent(writes('take all traffic off the canary', traffic.provider.plan(traffic.context, OFF)));
}

/** Pods behind the users' own Services get requests while they are ready, no matter what was written. */
export const stillServes = ({ traffic }: Facts): boolean => (traffic?.context.pods?.ready.canary ?? 0) > 0;

/**
 * A deletion becomes visible only when the watch reports it, and that starts a pass anyway: looking at once would see
 * nothing new.
 */
export const afterZero = (actions: readonly Action[]): number =>
  actions.some((action) => action.do === 'write' && action.write.verb === 'delete') ? POLL_MS : AT_ONCE;

/**
 * The way out of every release: weight 0 → observed and settled → routes as they were → drain → canary deleted and its
 * pods gone. Answers with the next thing to do; undefined when nothing is left. Every stage looks at the objects, so it
 * continues wherever a crash interrupted it.
 */
export function leave(facts: Facts, release: Release, keep: StatusChange): Answer | undefined {
  const change = { ...keep, ...NOTHING };
  return (
    toZero(facts, release, change) ??
    confirmed(facts, release, change) ??
    restored(facts, release, change) ??
    drained(facts, release, change) ??
    deleted(facts, release, change) ??
    unfollowed(facts, release, change)
  );
}

function toZero(facts: Facts, release: Release, change: StatusChange): Answer | undefined {
  const actions = zeroWeight(facts);
  if (actions.length === 0) return undefined;
  const sentence = 'All traffic is taken off the canary.';
  const parts = { reason: REASON.SettingWeight, sentence, actions, requeueAfterMs: afterZero(actions) };
  const { status } = release;
  // The clock keeps its start: a status that changes with every pass would start another pass each time.
  const again = status !== undefined && nothingWanted(status) && status.drainStartedAt === undefined;
  return answerFor(facts, release, parts, again ? change : { ...change, ...sinceNow(facts) });
}

const nothingWanted = (status: ReleaseStatus): boolean => isNothing(wantedSplit(status));

const sinceNow = (facts: Facts): StatusChange => ({
  stepStartedAt: new Date(facts.nowMs).toISOString(),
  drainStartedAt: undefined,
});

/** Starts the clock of settling and draining once weight 0 is observed. */
function confirmed(facts: Facts, release: Release, change: StatusChange): Answer | undefined {
  const { status } = release;
  if (status?.drainStartedAt !== undefined) return undefined;
  if (status !== undefined && !nothingWanted(status)) {
    const sentence = 'Weight 0 is written.';
    const parts = { reason: REASON.SettingWeight, sentence, requeueAfterMs: AT_ONCE };
    return answerFor(facts, release, parts, { ...change, ...sinceNow(facts) });
  }
  const waitedMs = facts.nowMs - timeOf(status?.stepStartedAt, facts.nowMs);
  if (isUnconfirmed(facts, release) && waitedMs < CONFIRM_WITHIN_MS) {
    const sentence = 'Weight 0 is written; the back end has not confirmed it yet.';
    return answerFor(
      facts,
      release,
      { reason: REASON.ObservingWeight, sentence, requeueAfterMs: POLL_MS },
      change,
    );
  }
  const nothing = facts.canary.deployment === undefined && facts.canary.remaining.length === 0;
  if (nothing && facts.traffic === undefined) return undefined;
  const drainStartedAt = new Date(facts.nowMs).toISOString();
  const parts = {
    reason: REASON.Draining,
    sentence: 'No traffic goes to the canary any more.',
    requeueAfterMs: AT_ONCE,
  };
  return answerFor(facts, release, parts, { ...change, drainStartedAt });
}

/** Without the canary Service nothing can be sent to the canary, and a route that names it is never confirmed. */
function isUnconfirmed(facts: Facts, release: Release): boolean {
  const { canaryService } = release.spec.traffic ?? {};
  const gone = canaryService !== undefined && madeService(facts, release) === undefined;
  return facts.traffic?.observation.acknowledged === 'pending' && !gone;
}

function restored(facts: Facts, release: Release, change: StatusChange): Answer | undefined {
  const { traffic } = facts;
  if (traffic === undefined) return undefined;
  const restWrites = traffic.provider.cleanup(traffic.context);
  const deleting = release.metadata.deletionTimestamp !== undefined;
  if (restWrites.length === 0 && (!traffic.recorded || deleting)) return undefined;
  const restMs = settleEndMs(facts, release) - facts.nowMs;
  const sentence = 'The route is put back as it was.';
  const parts = { reason: REASON.CleaningUp, sentence, requeueAfterMs: AT_ONCE };
  if (restMs > 0) {
    const wait = { reason: REASON.Settling, sentence: 'The back end is given time to follow weight 0.' };
    return answerFor(facts, release, { ...wait, requeueAfterMs: restMs }, change);
  }
  if (restWrites.length > 0) {
    return answerFor(facts, release, { ...parts, actions: writes('restore the route', restWrites) }, change);
  }
  return answerFor(facts, release, { ...parts, actions: [forgetOriginals(release)] }, change);
}

function settleEndMs(facts: Facts, release: Release): number {
  const settleMs = facts.rules?.policy.settleMs ?? facts.traffic?.provider.settleMs ?? 0;
  return timeOf(release.status?.drainStartedAt, facts.nowMs) + settleMs;
}

function drained(facts: Facts, release: Release, change: StatusChange): Answer | undefined {
  if (facts.canary.deployment === undefined || !facts.canary.ours) return undefined;
  const drainMs = facts.rules?.policy.drainMs ?? 0;
  const restMs = settleEndMs(facts, release) + drainMs - facts.nowMs;
  if (restMs <= 0) return undefined;
  const sentence = 'Requests in flight at the canary are given time to end.';
  return answerFor(facts, release, { reason: REASON.Draining, sentence, requeueAfterMs: restMs }, change);
}

/** The canary Service by its name, if Sluice made it for this target. */
export function madeService(facts: Facts, release: Release | undefined): KubeObject | undefined {
  const stable = release?.spec.traffic?.service;
  const name =
    release?.spec.traffic?.canaryService ?? (stable === undefined ? undefined : canaryServiceName(stable));
  return facts.snapshot.services.find((each) => each.metadata.name === name && isMadeFor(facts.maker, each));
}

function deleted(facts: Facts, release: Release, change: StatusChange): Answer | undefined {
  const { canary } = facts;
  const deployment = canary.ours ? canary.deployment?.object : undefined;
  const service = madeService(facts, release);
  if (deployment === undefined && service === undefined && canary.remaining.length === 0) return undefined;
  const actions = [
    ...remove('delete the canary', RESOURCES.deployments, deployment),
    ...remove('delete the canary Service', RESOURCES.services, service),
  ];
  const sentence = 'The canary is deleted; its pods have to be gone before anything else begins.';
  return answerFor(
    facts,
    release,
    { reason: REASON.CleaningUp, sentence, actions, requeueAfterMs: POLL_MS },
    change,
  );
}

/** Copies that followed the canary are deleted after its last pod. */
function unfollowed(facts: Facts, release: Release, change: StatusChange): Answer | undefined {
  const actions = unfollow(facts);
  if (actions.length === 0) return undefined;
  const sentence = 'The companions of the canary are removed.';
  const parts = { reason: REASON.CleaningUp, sentence, actions, requeueAfterMs: POLL_MS };
  return answerFor(facts, release, parts, change);
}
