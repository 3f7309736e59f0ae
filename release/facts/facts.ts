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

/** Everything that the rules ask of a snapshot, derived once. */
export interface Facts {
  snapshot: Snapshot;
  nowMs: number;
  /** the work budget of this pass */
  budget: Budget;
  key: TargetName;
  /** tells which objects were made for this target */
  maker: Maker;
  /** undefined: deleted */
  target: WorkloadFacts | undefined;
  /** the policy annotation as it stands, readable or not; undefined: not opted in, or Sluice is being uninstalled */
  optedIn: string | undefined;
  /** newest first, without those whose shape cannot be read */
  releases: readonly Release[];
  unreadable: readonly string[];
  /** without a valid seal, newest first: only for messages about them */
  unsealed: readonly Release[];
  newest: Release | undefined;
  /** the newest Release if it has not ended */
  active: Release | undefined;
  /** what serves users according to the newest Release; undefined before the first */
  stable: StableFacts | undefined;
  /** as the newest Release sees it */
  canary: CanaryFacts;
  traffic: TrafficFacts | undefined;
  /** the rules with which the newest Release began; if not readable: defaults that only a rollback may use */
  rules: { policy: ReleasePolicy; readable: boolean } | undefined;
  /** the templates that judge the running release; undefined: there is no running release, or they cannot be read */
  templates: BoundTemplate[] | undefined;
  /** the target has the template that the newest Release is about */
  holdsNewest: boolean;
}

export interface StableFacts {
  /** the stable template, with its last restart */
  template: JsonObject;
  replicaSetName: string;
  /** undefined: it is gone; its pods are those of every ReplicaSet of the stable template */
  replicaSet: ReplicaSetFacts | undefined;
  /** the target has this template */
  wanted: boolean;
  /** pods of the target run outside it, or it is gone */
  lost: boolean;
  /**
   * the record does not tell what serves now: it is about an earlier Deployment of this name, or it is not the last one
   * made
   */
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
    optedIn: snapshot.config.leaving === undefined ? target?.annotations[ANNOTATION.policy] : undefined,
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
  // A bare restart gives the stable template another ReplicaSet; during its rollout two ReplicaSets run the template.
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
 * A later release has only a record without a valid seal: what serves now has to be observed again. A later record
 * without a status changed nothing: the process that made it ended before it could seal it.
 */
function isOutdated(newest: Release, unsealed: readonly Release[]): boolean {
  const bornMs = ({ metadata }: Release) => timeOf(metadata.creationTimestamp, 0);
  const later = (release: Release) => release.status !== undefined && bornMs(release) > bornMs(newest);
  return isEnded(newest) && unsealed.some(later);
}

/**
 * Does the target have the template that this Release is about? The generation at which it did is remembered, and the
 * template is compared with a live canary first. So a field that an upgraded API server adds does not count as a
 * change.
 */
function holds(target: WorkloadFacts, release: Release, canary: CanaryFacts): boolean {
  if (release.spec.target.uid !== target.uid) return false;
  if (release.status?.targetGeneration === target.generation) return true;
  const live = canary.ours && canary.ofRelease ? canary.template : undefined;
  const same = (template: JsonObject) => templatesEqual(target.template, template);
  return (live !== undefined && same(live)) || same(release.spec.canary.template);
}
