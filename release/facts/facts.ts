import type { TargetName } from '../../api/target-key.ts';
import { Budget } from '../../api/budget.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION } from '../../api/names.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { templatesEqual, type Maker } from '../canary/index.ts';
import { canaryFacts, type CanaryFacts } from './canary.ts';
import { makerIn } from './maker.ts';
import { isEnded, readReleases, recordedPolicy, recordedTemplates, stableAfter } from './records.ts';
import { trafficFacts, type TrafficFacts } from './traffic.ts';
import { timeOf, workload, type ReplicaSetFacts, type WorkloadFacts } from './workload.ts';
import type { Snapshot } from '../model.ts';

/** Everything the rules ask of a snapshot, derived once. */
export interface Facts {
  snapshot: Snapshot;
  nowMs: number;
  /** what this pass costs */
  budget: Budget;
  key: TargetName;
  /** known by: what was made for this target */
  maker: Maker;
  /** undefined: deleted */
  target: WorkloadFacts | undefined;
  /** the policy annotation as it stands, readable or not; undefined: not opted in */
  optedIn: string | undefined;
  /** newest first; those of which the shape cannot be read are left out */
  releases: readonly Release[];
  unreadable: readonly string[];
  /** without a valid seal, newest first: for telling of them and for nothing else */
  unsealed: readonly Release[];
  newest: Release | undefined;
  /** the newest Release if it has not ended */
  active: Release | undefined;
  /** what serves users according to the newest Release; undefined before the first */
  stable: StableFacts | undefined;
  /** seen from the newest Release */
  canary: CanaryFacts;
  traffic: TrafficFacts | undefined;
  /** the rules the newest Release was begun with; not readable: defaults that only a roll back may use */
  rules: { policy: ReleasePolicy; readable: boolean } | undefined;
  /** by which the release under way is judged; undefined: there is none, or they cannot be read */
  templates: BoundTemplate[] | undefined;
  /** the target's template is the one the newest Release is about */
  holdsNewest: boolean;
}

export interface StableFacts {
  /** with the restart it last got */
  template: JsonObject;
  replicaSetName: string;
  /** undefined: it is gone; its pods are those of every ReplicaSet of the stable template */
  replicaSet: ReplicaSetFacts | undefined;
  /** the target's template is this one */
  wanted: boolean;
  /** pods of the target run outside it, or it is gone */
  lost: boolean;
  /** the record does not tell what serves now: it is about an earlier Deployment of this name, or not the last one made */
  foreign: boolean;
}

export function factsOf(snapshot: Snapshot): Facts {
  const target = snapshot.target === undefined ? undefined : workload(snapshot.target, snapshot);
  const { releases, unreadable } = readReleases(snapshot.releases);
  const [newest] = releases;
  const unsealed = readReleases(snapshot.unsealed).releases;
  const canary = canaryFacts(snapshot, newest);
  const active = newest === undefined || isEnded(newest) ? undefined : newest;
  const rules = newest === undefined ? undefined : recordedPolicy(newest);
  return {
    snapshot,
    nowMs: snapshot.nowMs,
    budget: new Budget(),
    key: snapshot.key,
    maker: makerIn(snapshot),
    target,
    optedIn: target?.annotations[ANNOTATION.policy],
    releases,
    unreadable,
    unsealed,
    newest,
    active,
    stable: target === undefined || newest === undefined ? undefined : stableFacts(target, newest, unsealed),
    canary,
    traffic: trafficFacts(snapshot, newest, rules?.policy, { target, canary }),
    rules,
    templates: active === undefined ? undefined : recordedTemplates(active),
    holdsNewest: target !== undefined && newest !== undefined && holds(target, newest, canary),
  };
}

function stableFacts(target: WorkloadFacts, newest: Release, unsealed: readonly Release[]): StableFacts {
  const record = stableAfter(newest);
  const alive = target.replicaSets.filter((each) => each.object.metadata.deletionTimestamp === undefined);
  const named = alive.find((each) => each.name === record.replicaSet);
  const { template } = named ?? record;
  const isStable = (other: JsonObject) =>
    templatesEqual(other, template) || templatesEqual(other, record.template);
  // A bare restart gives the stable template another ReplicaSet; while it rolls, two run it.
  const same = alive.filter((each) => each === named || isStable(each.template));
  const serving = named?.active === true ? named : (same.find((each) => each.active) ?? named ?? same[0]);
  return {
    template: serving === undefined || serving === named ? record.template : serving.template,
    replicaSetName: serving?.name ?? record.replicaSet,
    replicaSet: serving === undefined ? undefined : { ...serving, pods: same.flatMap(({ pods }) => pods) },
    wanted: isStable(target.template),
    lost: serving === undefined || alive.some((each) => !same.includes(each) && each.active),
    foreign: newest.spec.target.uid !== target.uid || isOutdated(newest, unsealed),
  };
}

/**
 * What came after this release stands in a record that is not believed: what serves now has to be seen anew. One without a
 * status moved nothing: the process that made it ended before it could seal it.
 */
function isOutdated(newest: Release, unsealed: readonly Release[]): boolean {
  const bornMs = ({ metadata }: Release) => timeOf(metadata.creationTimestamp, 0);
  const later = (release: Release) => release.status !== undefined && bornMs(release) > bornMs(newest);
  return isEnded(newest) && unsealed.some(later);
}

/**
 * Does the target hold the template this Release is about? The generation at which it did is remembered, and a live
 * canary compared first, so that a field an upgraded API server adds is not taken for a change.
 */
function holds(target: WorkloadFacts, release: Release, canary: CanaryFacts): boolean {
  if (release.spec.target.uid !== target.uid) return false;
  if (release.status?.targetGeneration === target.generation) return true;
  const live = canary.ours && canary.ofRelease ? canary.template : undefined;
  const same = (template: JsonObject) => templatesEqual(target.template, template);
  return (live !== undefined && same(live)) || same(release.spec.canary.template);
}
