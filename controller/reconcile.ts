import type { TargetKey, TargetName } from '../api/target-key.ts';
import type { KubeObject, ObjectRef } from '../api/kube.ts';
import { parseRelease } from '../api/kinds/release/release.ts';
import type { ReleaseStatus } from '../api/kinds/release/status.ts';
import type { KubeError } from '../kube/errors.ts';
import { decideSafely } from '../release/decide.ts';
import { execute } from './execute.ts';
import type { Actor, Executed } from './execute.ts';
import { isEnded, readReleases } from '../release/facts/records.ts';
import { repairsOf, seenIn } from './give-back.ts';
import type { Measurements } from '../analysis/jobs/board.ts';
import { targetKey } from '../api/target-key.ts';
import type { Memory } from './observe/memory.ts';
import type { Action, ControllerConfig, Decision, Snapshot } from '../release/model.ts';
import type { Refusals } from './refusals.ts';
import type { Seal } from './seal/seal.ts';
import { renewals } from './seal/writes.ts';
import { readSnapshot } from './observe/snapshot.ts';
import type { Reader } from './observe/snapshot.ts';
import { obstacleOf } from '../release/status/obstacle.ts';
import { withTrouble, type Obstacle } from '../release/status/trouble.ts';
import { statusWrite } from './status-write.ts';

export interface Pipe extends Omit<Actor, 'onRefused' | 'onTaken' | 'releases' | 'seen'> {
  reader: Reader;
  refusals: Refusals;
  memory: Memory;
  measurements: Measurements;
  config: ControllerConfig;
  nowMs: number;
  decide: (snapshot: Snapshot) => Decision;
}

/**
 * The result of one pass.
 * unsynced: something is not known yet, so nothing was decided.
 * done: decided, acted, status written; `acted` = something was written or measured.
 * stale, failed: an action or the status write did not take place, nor did anything after it; the status shows what is
 * in the way. Decide again.
 * broken: deciding threw, and only the plain rule was carried out.
 * fenced: this process no longer leads.
 * `bug`: what was thrown while deciding, if anything.
 */
export type Reconciled =
  | { outcome: 'unsynced' }
  | ({ bug?: unknown } & (
      | { outcome: 'done' | 'broken'; decision: Decision; acted: boolean; statusWritten: boolean }
      | { outcome: 'stale' | 'failed'; decision: Decision; doing: string; error: KubeError }
      | { outcome: 'fenced'; decision: Decision }
    ));

/**
 * One reconciliation pass for one target: snapshot, decide, act, one status write. Needs neither watches nor timers.
 * Failures of the API server come back as an outcome; anything thrown is a bug.
 */
export async function reconcileOnce(pipe: Pipe, key: TargetName): Promise<Reconciled> {
  const { seal } = pipe;
  const isSealed = (release: KubeObject): boolean => seal.standingOf(release) !== 'unsealed';
  const snapshot = await readSnapshot(key, { ...pipe, isSealed });
  if (snapshot === undefined) return { outcome: 'unsynced' };
  const { refusals, nowMs } = pipe;
  const target = targetKey(key);
  const decided = decideSafely(snapshot, pipe.decide, () => refusals.broke(target, nowMs));
  const { decision } = decided;
  pipe.memory.saw(target, decision.unserved);
  const bug = decided.bug === undefined ? {} : { bug: decided.bug };
  if (decided.obstacle === undefined) refusals.mended(target);
  const { releases } = snapshot;
  const actor = { ...pipe, releases, seen: (ref: ObjectRef) => seenIn(snapshot, ref) };
  const acted = await execute(decision.actions, { ...actor, ...remembering(pipe, target, decision) });
  if (acted.outcome === 'fenced') return { outcome: 'fenced', decision, ...bug };
  if (acted.outcome === 'done') refusals.passed(target);

  const obstacle = decided.obstacle ?? obstacleOf(refusals.all(target, nowMs), nowMs);
  const next = nextOf({ decision, snapshot, acted, obstacle });
  const statusAction = next === undefined ? undefined : statusActionOf(next, snapshot, acted.written);
  const recorded = await execute(statusAction === undefined ? [] : [statusAction], actor);
  // A failed action matters more than a failed status write.
  const failed = acted.outcome !== 'done' ? acted : recorded;
  if (failed.outcome !== 'done') return { ...failure(decision, failed), ...bug };
  if (acted.outcome === 'done' && acted.written.length === 0)
    await execute([...renewalsOf(releases, seal), ...repairsOf(snapshot)], actor);
  return {
    outcome: decided.obstacle === undefined ? 'done' : 'broken',
    decision,
    acted: decision.actions.length > 0,
    statusWritten: statusAction !== undefined,
    ...bug,
  };
}

/** Seals to write again after the key was replaced. If one fails, a later pass tries again. */
const renewalsOf = (releases: readonly KubeObject[], seal: Seal): Action[] =>
  renewals(releases, seal).map((write) => ({
    do: 'write',
    why: 'seal with the present key',
    write,
    onRefusal: { then: 'goOn' },
  }));

function remembering(
  { refusals, nowMs }: Pipe,
  target: TargetKey,
  { status }: Decision,
): Required<Pick<Actor, 'onRefused' | 'onTaken'>> {
  const of = status === undefined ? {} : { release: status.release };
  return {
    onRefused: (name, refused) => refusals.note(target, name, { ...refused, ...of }, nowMs),
    onTaken: (name) => refusals.took(target, name),
  };
}

interface Came {
  decision: Decision;
  snapshot: Snapshot;
  acted: Exclude<Executed, { outcome: 'fenced' }>;
  obstacle: Obstacle | undefined;
}

type Next = NonNullable<Decision['status']>;

/**
 * The status after this pass. It is the decided one if the actions took place, or if it is to be recorded regardless.
 * Otherwise, if something is in the way, it is the status as it was. An obstacle is shown over either.
 */
function nextOf({ decision, snapshot, acted, obstacle }: Came): Next | undefined {
  const { status } = decision;
  // The world was not as the snapshot said: nothing of this decision counts.
  if (acted.outcome === 'stale') return undefined;
  const asDecided = acted.outcome === 'done' || status?.regardless === true ? status : undefined;
  const base = asDecided ?? (obstacle === undefined ? undefined : asItWas(snapshot, status));
  if (base === undefined || obstacle === undefined || base.next.endedAt !== undefined) return base;
  const read = parseRelease(snapshot.releases.find(({ metadata }) => metadata.name === base.release));
  const shown = read.ok ? read.value.status : undefined;
  return { release: base.release, next: withTrouble(base.next, obstacle, { shown, nowMs: snapshot.nowMs }) };
}

/** The old status without anything that was decided; only what was observed is updated. */
function asItWas({ releases }: Snapshot, decided: Next | undefined): Next | undefined {
  const name = decided?.release ?? releases[0]?.metadata.name;
  const release = readReleases(releases).releases.find((each) => each.metadata.name === name);
  if (release?.status === undefined || isEnded(release)) return undefined;
  return { release: release.metadata.name, next: { ...release.status, ...observedOf(decided?.next) } };
}

function observedOf(next: ReleaseStatus | undefined): Partial<ReleaseStatus> {
  return next === undefined ? {} : { observedWeight: next.observedWeight };
}

/** The actions of this pass may have created or changed the Release, so its newest form counts. */
function statusActionOf(
  { release: name, next }: Next,
  snapshot: Snapshot,
  written: readonly KubeObject[],
): Action | undefined {
  const isIt = (object: KubeObject): boolean => object.kind === 'Release' && object.metadata.name === name;
  const known = [...snapshot.releases, ...snapshot.unsealed];
  const read = known.find((release) => release.metadata.name === name);
  const release = written.findLast(isIt) ?? read;
  if (release === undefined) return undefined;
  const write = statusWrite(release, next);
  return write === undefined ? undefined : { do: 'write', why: 'record the status', write };
}

function failure(
  decision: Decision,
  executed: Exclude<Executed, { outcome: 'done' }>,
): Extract<Reconciled, { outcome: 'stale' | 'failed' | 'fenced' }> {
  if (executed.outcome === 'fenced') return { outcome: 'fenced', decision };
  const { outcome, action, error } = executed;
  return { outcome, decision, doing: action.do === 'write' ? action.why : action.do, error };
}
