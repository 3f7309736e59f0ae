import type { KubeObject } from '../../api/kube.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';
import { REASON } from '../../api/reasons.ts';
import type { Write } from '../../api/writes.ts';
import type { Provider, Refusal } from '../../providers/provider.ts';
import { splitOf } from '../../providers/shared/wants.ts';
import { canaryDeployment, canaryService } from '../canary/index.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { Traffic } from '../preflight/index.ts';
import { trafficFacts } from '../facts/traffic.ts';
import type { WorkloadFacts } from '../facts/workload.ts';
import type { Facts } from '../facts/facts.ts';
import type { Action, RefusedWrite } from '../model.ts';
import { sentenceOf } from '../status/obstacle.ts';
import { newRelease } from '../record/record.ts';

/** A release as it would begin. */
export interface Planned {
  policy: ReleasePolicy;
  step: Step;
  traffic: Traffic;
  /** the same in the form of the record */
  record: NonNullable<ReleaseSpec['traffic']>;
}

/** What is tried before a release begins, and what the server refused of it a moment ago. */
export interface Rehearsal {
  actions: Action[];
  refusals: Refusal[];
}

type Create = Extract<Write, { verb: 'create' }>;
type JsonPatch = Extract<Write, { verb: 'jsonPatch' }>;
type Tried = Extract<Action, { do: 'write' }> & { onRefusal: { name: string } };

/**
 * The first write of each kind as a dry run: the canary, its Service and the first weight. So anything that validation,
 * admission, a quota or a missing right would refuse during the release is known before any object is made.
 */
export function firstWrites(facts: Facts, planned: Planned): Rehearsal {
  const { target, snapshot } = facts;
  if (target === undefined) return { actions: [], refusals: [] };
  const provider = PROVIDERS[planned.traffic.provider];
  const actions = [
    ...creations(facts, target, planned, provider),
    ...(provider.steering.beforehand ? weightWrites(facts, target, planned) : []),
  ];
  const refusals = actions.flatMap(({ onRefusal }) => {
    const answer: RefusedWrite | undefined = snapshot.refused[onRefusal.name];
    return answer === undefined || answer.kind === 'transient' ? [] : [refusalOf(answer)];
  });
  return { actions, refusals };
}

function refusalOf(answer: RefusedWrite): Refusal {
  if (answer.kind === 'right') return { reason: REASON.Forbidden, sentence: sentenceOf(answer) };
  const sentence = `${sentenceOf(answer)}; change the template or what refuses it: the release begins once the API server accepts it.`;
  return { reason: REASON.Refused, sentence };
}

/** An object that already exists is not created here; another check looks at who made it. */
function creations(
  { snapshot }: Facts,
  target: WorkloadFacts,
  { step, traffic }: Planned,
  { steering }: Provider,
): Tried[] {
  const { rewrite, stableService, canaryService: service } = traffic;
  const { replicas } = target;
  const input = { target: target.object, rewrite, release: plannedFor(target).metadata.name };
  const deployment = canaryDeployment({ ...input, replicas: steering.podsFor(step, replicas) });
  const create = (why: string, object: KubeObject, live: readonly KubeObject[]): Tried[] =>
    live.some(({ metadata }) => metadata.name === object.metadata.name)
      ? []
      : [tried(why, object, { verb: 'create', object })];
  return [
    ...create('create the canary', deployment, snapshot.deployments),
    ...(stableService === undefined || service === undefined
      ? []
      : create('create the canary Service', canaryService({ ...input, stableService }), snapshot.services)),
  ];
}

/** The first split, as it would be written to the present routes. */
function weightWrites(facts: Facts, target: WorkloadFacts, { policy, step, record }: Planned): Tried[] {
  const release = plannedFor(target, record);
  const traffic = trafficFacts(facts.snapshot, release, policy, { target, canary: facts.canary });
  if (traffic === undefined) return [];
  const { provider, context } = traffic;
  const recorded = { ...context, originals: provider.record(context) };
  return provider.plan(recorded, splitOf(context.wants, step)).flatMap((write) => {
    if (write.verb === 'create') return [tried('set the weight', write.object, write)];
    return write.verb === 'jsonPatch' ? [tried('set the weight', named(write), write)] : [];
  });
}

const named = ({ ref }: JsonPatch): Pick<KubeObject, 'kind' | 'metadata'> => ({
  kind: ref.resource.kind,
  metadata: { name: ref.name },
});

function plannedFor(target: WorkloadFacts, traffic?: Planned['record']) {
  const { template } = target;
  const spec = { stable: { replicaSet: '', template }, canary: { template }, policy: {}, analysis: [] };
  const beside = { releases: [], unsealed: [] };
  return newRelease(target, { ...spec, ...(traffic && { traffic }) }, { beside });
}

/** A dry run of a write. Only these two kinds of writes allow one; a release begins with no other kind. */
const tried = (
  why: string,
  { kind, metadata: { name } }: Pick<KubeObject, 'kind' | 'metadata'>,
  write: Create | JsonPatch,
): Tried => ({
  do: 'write',
  why,
  write: { ...write, dryRun: true },
  onRefusal: { then: 'stop', name: `${kind} ${name}` },
});
