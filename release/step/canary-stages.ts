import { RESOURCES } from '../../api/resources.ts';
import { REASON } from '../../api/reasons.ts';
import type { KubeObject } from '../../api/kube.ts';
import { loadOf } from '../../api/ladder.ts';
import { splitText } from '../../api/split.ts';
import { canaryDeployment, canaryService, isMadeFor, type Rewrite } from '../canary/index.ts';
import { recordedRewrite } from '../facts/canary.ts';
import { endText } from '../facts/container-ends.ts';
import { isExposed } from '../facts/exposure.ts';
import { timeOf } from '../facts/workload.ts';
import type { Answer } from '../model.ts';
import type { StatusChange } from '../status/next.ts';
import { event, orEnd, remove, write } from '../actions.ts';
import { answerFor, AT_ONCE, POLL_MS, SLOW_MS } from '../answer.ts';
import { stillServes, zeroWeight } from '../plan/leave.ts';
import { withdraw } from '../plan/withdraw.ts';
import { nowOf, type Stage, type StepFacts } from './stage.ts';

/** How long the API server or the scheduler may refuse pods before a human has to act. */
const REJECTED_AFTER_MS = 30_000;

/** How long a pod that restarted has to stay ready. */
const STEADY_MS = 10_000;

/** The target from which the canary is made: with the template under test, even while a newer one waits behind it. */
function source({ target, release }: StepFacts): KubeObject {
  return { ...target.object, spec: { ...target.object.spec, template: release.spec.canary.template } };
}

function taken(s: StepFacts, what: string): Answer {
  const sentence = `${what} exists and was not made by Sluice for this target; rename or delete it.`;
  return answerFor(
    s.facts,
    s.release,
    { reason: REASON.NameTaken, sentence, outcome: 'stalled', requeueAfterMs: SLOW_MS },
    { phase: 'Waiting' },
  );
}

/**
 * The canary Deployment exists and belongs to this release; one of an earlier release is deleted first, with its pods.
 */
export const canaryExists: Stage = (s) => {
  const { canary } = s.facts;
  const rewrite = recordedRewrite(s.release);
  if (canary.deployment !== undefined && !canary.ours) return taken(s, `Deployment ${canary.name}`);
  if (canary.ofRelease && canary.deployment?.deleting === false) return undefined;
  if (canary.deployment !== undefined || canary.remaining.length > 0) return oldCanary(s);
  return rewrite === undefined ? undefined : createCanary(s, rewrite);
};

function oldCanary(s: StepFacts): Answer {
  const { canary } = s.facts;
  const sentence =
    'A canary of an earlier template is deleted; its pods have to be gone before the next is made.';
  const off = zeroWeight(s.facts);
  const gone = stillServes(s.facts)
    ? []
    : remove('delete the old canary', RESOURCES.deployments, canary.deployment?.object);
  const actions = off.length > 0 ? off : gone;
  const parts = { reason: REASON.PreviousReleaseEnding, sentence, actions, requeueAfterMs: POLL_MS };
  return answerFor(s.facts, s.release, parts, { phase: 'Progressing' });
}

function createCanary(s: StepFacts, rewrite: Rewrite): Answer {
  const replicas = replicasFor(s);
  const object = canaryDeployment({
    target: source(s),
    rewrite,
    release: s.release.metadata.name,
    replicas,
  });
  const sentence = `Canary Deployment ${s.facts.canary.name} is made.`;
  const actions = orEnd('Refused', [write('create the canary', { verb: 'create', object })]);
  const parts = { reason: REASON.PreparingCanary, sentence, actions, requeueAfterMs: AT_ONCE };
  return answerFor(s.facts, s.release, parts, {
    phase: 'Progressing',
    stepStartedAt: nowOf(s),
    canaryReplicas: replicas,
  });
}

/** A fixed number is set by the step; otherwise it follows what the canary gets, and the present stable replicas. */
const replicasFor = ({ traffic, target, step }: StepFacts): number =>
  traffic.provider.steering.podsFor(step, target.replicas);

/**
 * A route that cannot be read may send anything; and at weight 100 stable gets no requests, so it may shrink, and the
 * canary must not follow.
 */
function mayShrink({ traffic, step }: StepFacts): boolean {
  const { weight, mirror = 0 } = traffic.observation;
  return weight !== undefined && loadOf({ weight, mirror }) <= loadOf(step) && step.weight < 100;
}

/**
 * The canary has the size that this step needs. It grows before its weight rises, and shrinks only after the lower
 * weight is observed.
 */
export const canaryScaled: Stage = (s) => {
  const { canary } = s.facts;
  const wanted = replicasFor(s);
  const needed = mayShrink(s) ? wanted : Math.max(wanted, canary.wanted);
  if (canary.wanted === needed || canary.deployment === undefined) return undefined;
  const ref = { resource: RESOURCES.deployments, namespace: s.facts.key.namespace, name: canary.name };
  const patch = [
    { op: 'test' as const, path: '/metadata/uid', value: canary.deployment.uid },
    { op: 'replace' as const, path: '/spec/replicas', value: needed },
  ];
  const actions = orEnd('Refused', [write('scale the canary', { verb: 'jsonPatch', ref, patch })]);
  const sentence = `The canary is scaled from ${canary.wanted} to ${needed} pods for ${splitText(s.split)}.`;
  const parts = { reason: REASON.ScalingCanary, sentence, actions, requeueAfterMs: AT_ONCE };
  // During a step the size follows the stable replicas, and nothing else about the step changes.
  const anew: StatusChange =
    s.status.weightObservedAt === undefined ? { phase: 'Progressing', stepStartedAt: nowOf(s) } : {};
  return answerFor(s.facts, s.release, parts, { ...anew, canaryReplicas: needed });
};

/**
 * Every canary pod is available before the weight is written; after that, pods that come and go do not stop the
 * analysis. The rule canary-failed handles failures.
 */
export const canaryAvailable: Stage = (s) => {
  const { canary } = s.facts;
  if (s.status.weightObservedAt !== undefined) return undefined;
  if (canary.available >= canary.wanted && canary.ready.length >= 1) return unsteady(s);
  return rejected(s) ?? tooLate(s) ?? becoming(s);
};

/**
 * A pod that crashed may be ready again for a few seconds at a time: it gets requests only after it has stayed ready.
 */
function unsteady(s: StepFacts): Answer | undefined {
  const { canary, nowMs } = s.facts;
  if (isExposed(s.facts)) return undefined;
  const young = canary.ready.find(
    ({ restarts, readyChangedMs }) => restarts > 0 && nowMs - readyChangedMs < STEADY_MS,
  );
  if (young === undefined) return undefined;
  const sentence = `Canary pod ${young.name} restarted ${young.restarts} times; it has to stay ready for ${STEADY_MS / 1000} s before it gets requests.`;
  const parts = { reason: REASON.ScalingCanary, sentence, requeueAfterMs: POLL_MS };
  return tooLate(s) ?? answerFor(s.facts, s.release, parts, { ...anew(s), phase: 'Progressing' });
}

/**
 * The code is not at fault: there is no verdict, a human is asked, and the step continues by itself once pods are
 * accepted.
 */
function rejected(s: StepFacts): Answer | undefined {
  const rejection = s.facts.canary.rejected;
  if (rejection === undefined || s.facts.nowMs - rejection.sinceMs < REJECTED_AFTER_MS) return undefined;
  const sentence = `The cluster does not accept canary pods: ${rejection.message}`;
  const first = s.status.waitsFor !== 'Pods';
  const actions = first ? event(s.facts, 'Warning', REASON.CanaryRejected, sentence) : [];
  const parts = { reason: REASON.CanaryRejected, sentence, actions, outcome: 'stalled' as const };
  return answerFor(
    s.facts,
    s.release,
    { ...parts, requeueAfterMs: SLOW_MS },
    {
      phase: 'Waiting',
      waitsFor: 'Pods',
    },
  );
}

/** The step waited for something other than its canary, so that time does not count against the canary. */
const rested = ({ status }: StepFacts): boolean => status.phase === 'Waiting';
const anew = (s: StepFacts): StatusChange => (rested(s) ? { stepStartedAt: nowOf(s) } : {});

/** Pods that come and go and are never all available together count as late, too. */
function tooLate(s: StepFacts): Answer | undefined {
  const { canary, nowMs } = s.facts;
  const deadlineMs = canary.deployment?.progressDeadlineMs ?? Infinity;
  const waits = canary.rejected !== undefined || rested(s);
  if (waits || nowMs - timeOf(s.status.stepStartedAt, nowMs) < deadlineMs) return undefined;
  const sentence = `The canary's ${canary.wanted} pods were not available within ${Math.round(deadlineMs / 1000)} s.`;
  return withdraw(s.facts, s.release, { reason: REASON.ProgressDeadlineExceeded, sentence });
}

function becoming(s: StepFacts): Answer {
  const { canary } = s.facts;
  const crashed = canary.pods.flatMap((pod) =>
    pod.ready ? [] : pod.ends.map((ends) => endText(pod.name, ends)),
  );
  const told = crashed[0] === undefined ? '' : ` Before it was ready, ${crashed[0]} crashed.`;
  const sentence = `${Math.min(canary.available, canary.ready.length)} of ${canary.wanted} canary pods are available.${told}`;
  const parts = { reason: REASON.ScalingCanary, sentence, requeueAfterMs: POLL_MS };
  return answerFor(s.facts, s.release, parts, { ...anew(s), phase: 'Progressing' });
}

/** The canary Service exists before any route may name it. */
export const serviceExists: Stage = (s) => {
  const { snapshot, maker } = s.facts;
  const name = s.traffic.context.canaryService;
  const live = snapshot.services.find((each) => each.metadata.name === name);
  if (live !== undefined && !isMadeFor(maker, live)) return taken(s, `Service ${name}`);
  if (live !== undefined)
    return live.metadata.deletionTimestamp === undefined ? undefined : waitForService(s);
  const stableService = snapshot.services.find(
    (each) => each.metadata.name === s.release.spec.traffic?.service,
  );
  const rewrite = recordedRewrite(s.release);
  if (stableService === undefined || rewrite === undefined) return noService(s);
  const object = canaryService({
    target: source(s),
    stableService,
    rewrite,
    release: s.release.metadata.name,
  });
  const actions = orEnd('Refused', [write('create the canary Service', { verb: 'create', object })]);
  const parts = {
    reason: REASON.PreparingCanary,
    sentence: `Service ${name} is made.`,
    actions,
    requeueAfterMs: AT_ONCE,
  };
  return answerFor(s.facts, s.release, parts, { phase: 'Progressing' });
};

function waitForService(s: StepFacts): Answer {
  const parts = {
    reason: REASON.PreviousReleaseEnding,
    sentence: 'The canary Service of an earlier release is going.',
  };
  return answerFor(s.facts, s.release, { ...parts, requeueAfterMs: POLL_MS });
}

function noService(s: StepFacts): Answer {
  const sentence = `Service ${s.release.spec.traffic?.service ?? ''} is gone; create it again, or set the template back.`;
  const parts = { reason: REASON.NoService, sentence, outcome: 'stalled' as const, requeueAfterMs: SLOW_MS };
  return answerFor(s.facts, s.release, parts, { phase: 'Waiting' });
}
