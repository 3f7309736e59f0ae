import { pointer } from '../lib/pointer.ts';
import type { JsonPatchOp, KubeObject, ObjectRef, Resource } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import { ANNOTATION, FINALIZER } from '../api/names.ts';
import type { Release } from '../api/kinds/release/release.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Write } from '../api/writes.ts';
import { condition, type WorkloadFacts } from './facts/workload.ts';
import type { Facts } from './facts/facts.ts';
import { oneLine } from '../lib/text.ts';
import { fingerprintsOf, recordedFingerprints } from './record/fingerprint.ts';
import type { Action, EventReason, OnRefusal, RefusalEnd } from './model.ts';

type WriteAction = Extract<Action, { do: 'write' }>;

export function write(why: string, what: Write): WriteAction {
  return { do: 'write', why, write: what };
}

export const writes = (why: string, list: readonly Write[]): Action[] => list.map((each) => write(why, each));

/**
 * Writes that a step needs: if validation or admission keeps refusing one, the release is taken back for that reason.
 */
export const orEnd = (as: RefusalEnd, actions: readonly Action[]): Action[] =>
  onRefused(actions, { then: 'end', as });

/** These writes remove harm: each is tried even if another fails. */
export const urgent = (actions: readonly Action[]): Action[] =>
  actions.map((action) => (action.do === 'write' ? { ...action, urgent: true } : action));

/** Signs for other tools: a release begins and ends even without the right to set them. */
export const optional = (actions: readonly Action[]): Action[] => onRefused(actions, { then: 'goOn' });

/** Sets what a refusal means; the name under which it is shown stays. */
function onRefused(actions: readonly Action[], onRefusal: OnRefusal): Action[] {
  return actions.map((action) => {
    if (action.do !== 'write') return action;
    const name = action.onRefusal?.name;
    return { ...action, onRefusal: name === undefined ? onRefusal : { ...onRefusal, name } };
  });
}

function refTo(resource: Resource, object: Pick<KubeObject, 'metadata'>): ObjectRef {
  const { name, namespace } = object.metadata;
  return { resource, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Binds a patch of the target to the spec that was judged: a 422 means another writer was faster. */
function judged(target: WorkloadFacts): JsonPatchOp[] {
  return [
    { op: 'test', path: '/metadata/uid', value: target.uid },
    { op: 'test', path: '/metadata/generation', value: target.generation },
  ];
}

function patchTarget(target: WorkloadFacts, why: string, change: JsonPatchOp[]): WriteAction {
  const ref = refTo(RESOURCES.deployments, target.object);
  return write(why, { verb: 'jsonPatch', ref, patch: [...judged(target), ...change] });
}

/**
 * What sluice.dev/held says of a held target. `new`: nothing is decided about its template, and the policies of
 * admission mode remove the sign of failure of an earlier template. `failed`: its own sign of failure stays.
 */
export type Marker = 'new' | 'failed';

/** Stops a rollout. In admission mode also sets the marker, so that admission keeps the rollout stopped. */
export function pause({ snapshot }: Facts, target: WorkloadFacts, as: Marker = 'new'): Action {
  const paused: JsonPatchOp = { op: 'add', path: '/spec/paused', value: true };
  const why = 'pause the target';
  return snapshot.config.hold === 'admission'
    ? late(patchTarget(target, why, [paused, ...marked(target, as)]), as)
    : patchTarget(target, why, [paused]);
}

/**
 * A marker `new` that Sluice has to set itself was missed by the policies: they should have held and marked the target.
 */
const late = (action: WriteAction, as: Marker): Action =>
  as === 'new' ? { ...action, heldLate: true } : action;

/** Marks a target that is paused already. */
export function mark(target: WorkloadFacts, as: Marker): Action {
  return late(patchTarget(target, 'mark the target as held', marked(target, as)), as);
}

/** Removes the marker of a target that is no longer held; whether it is paused stays as it is. */
export function unmark(target: WorkloadFacts): Action[] {
  const change = unmarked(target);
  return change.length === 0 ? [] : [patchTarget(target, 'remove the mark of the hold', change)];
}

const HELD = pointer('metadata', 'annotations', ANNOTATION.held);

function marked(target: WorkloadFacts, as: Marker): JsonPatchOp[] {
  if (target.object.metadata.annotations === undefined)
    return [{ op: 'add', path: '/metadata/annotations', value: { [ANNOTATION.held]: as } }];
  return [{ op: 'add', path: HELD, value: as }];
}

function unmarked(target: WorkloadFacts): JsonPatchOp[] {
  return target.marker === undefined ? [] : [{ op: 'remove', path: HELD }];
}

/** Starts the native rolling update of the template that was judged. */
export function unpause(target: WorkloadFacts): Action {
  const change: JsonPatchOp = { op: 'add', path: '/spec/paused', value: false };
  return {
    ...patchTarget(target, 'let the target roll out', [change, ...unmarked(target)]),
    verify: 'unpaused',
  };
}

/** Sets a template that is proven, or stable, and un-pauses the target in one write. */
export function rollOut(target: WorkloadFacts, template: JsonObject): Action {
  const action = patchTarget(target, 'set the template and let the target roll out', [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'add', path: '/spec/paused', value: false },
    ...unmarked(target),
  ]);
  return { ...action, verify: 'unpaused' };
}

/** Sets a template in the target and pauses it, because that template must not roll out by itself. */
export function hold({ snapshot }: Facts, target: WorkloadFacts, template: JsonObject): Action {
  const byAdmission = snapshot.config.hold === 'admission';
  const action = patchTarget(target, 'put back the template that was set aside', [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'add', path: '/spec/paused', value: true },
    // the policies do not mark writes of the controller itself
    ...(byAdmission ? marked(target, 'new') : []),
  ]);
  return byAdmission ? late(action, 'new') : action;
}

/** Deletes one object that Sluice made; does nothing if it is being deleted already. */
type Named = Pick<KubeObject, 'metadata'>;

export function remove(why: string, resource: Resource, object: Named | undefined): Action[] {
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return [];
  const { uid = '' } = object.metadata;
  return [write(why, { verb: 'delete', ref: refTo(resource, object), uid })];
}

/**
 * Changes metadata of a Release; because of the resourceVersion the write fails if another writer changed it in
 * between.
 */
export function patchRelease(
  why: string,
  release: Named,
  change: { annotations?: JsonObject; finalizers?: string[] },
): Action {
  const { name, namespace, resourceVersion } = release.metadata;
  const ref: ObjectRef = {
    resource: RESOURCES.releases,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  };
  const patch: JsonObject = {
    metadata: { ...change, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  };
  return write(why, { verb: 'mergePatch', ref, patch });
}

/** Sets the finalizer and records the originals to restore, and hashes of their objects, in one write. */
export function recordOriginals(
  release: Release,
  originals: JsonObject,
  routes: readonly KubeObject[],
): Action {
  const finalizers = new Set([...(release.metadata.finalizers ?? []), FINALIZER]);
  return patchRelease('record the route before editing it', release, {
    finalizers: [...finalizers],
    annotations: {
      [ANNOTATION.routeOriginals]: JSON.stringify(originals),
      [ANNOTATION.userObjects]: JSON.stringify({
        ...fingerprintsOf(routes),
        ...recordedFingerprints(release),
      }),
    },
  });
}

export function forgetOriginals(release: Named): Action {
  const finalizers = (release.metadata.finalizers ?? []).filter((each) => each !== FINALIZER);
  return patchRelease('the route is as it was', release, {
    finalizers,
    annotations: { [ANNOTATION.routeOriginals]: null },
  });
}

/** The native sign of failure: `kubectl rollout status` exits 1, kstatus reports Failed. */
export function isMarkedFailed(target: WorkloadFacts): boolean {
  const progressing = condition(target.object, 'Progressing');
  return progressing?.status === 'False' && progressing.reason === 'ProgressDeadlineExceeded';
}

export function markFailed(facts: Facts, target: WorkloadFacts, sentence: string): Action[] {
  const message = oneLine(`sluice: ${sentence}`);
  // While the marker says `new`, admission attributes a failure to an earlier template and removes its sign.
  const turned = target.marker === 'new' ? [mark(target, 'failed')] : [];
  const shown = isMarkedFailed(target) && condition(target.object, 'Progressing')?.message === message;
  const body = { status: 'False', reason: 'ProgressDeadlineExceeded', message };
  const sign = shown ? [] : [setProgressing(facts, target, 'report the failure to native tools', body)];
  return optional([...turned, ...sign]);
}

/** Removes the sign of failure for a new template, so that `kubectl rollout status` waits for it. */
export function clearFailed(facts: Facts, target: WorkloadFacts): Action[] {
  if (!isMarkedFailed(target) || !target.paused) return [];
  const body = { status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
  return [setProgressing(facts, target, 'clear the failure of an earlier template', body)];
}

function setProgressing(facts: Facts, target: WorkloadFacts, why: string, body: JsonObject): Action {
  const now = `${new Date(facts.nowMs).toISOString().slice(0, 19)}Z`;
  const value = { type: 'Progressing', lastUpdateTime: now, lastTransitionTime: now, ...body };
  const found = condition(target.object, 'Progressing');
  const change = found === undefined ? added(target, value) : replaced(found.index, value);
  // A newer template must not get the sign of failure of the one that was judged.
  const patch = [...judged(target), ...change];
  const ref = refTo(RESOURCES.deployments, target.object);
  return write(why, { verb: 'jsonPatch', ref, patch, subresource: 'status' });
}

function replaced(index: number, value: JsonObject): JsonPatchOp[] {
  const path = `/status/conditions/${index}`;
  return [
    { op: 'test', path: `${path}/type`, value: 'Progressing' },
    { op: 'replace', path, value },
  ];
}

function added(target: WorkloadFacts, value: JsonObject): JsonPatchOp[] {
  const { status } = target.object;
  if (status === undefined) return [{ op: 'add', path: '/status', value: { conditions: [value] } }];
  if (!Array.isArray(status['conditions']))
    return [{ op: 'add', path: '/status/conditions', value: [value] }];
  return [{ op: 'add', path: '/status/conditions/-', value }];
}

export function event(
  facts: Facts,
  type: 'Normal' | 'Warning',
  reason: EventReason,
  message: string,
): Action[] {
  const { target } = facts;
  if (target === undefined) return [];
  const about = refTo(RESOURCES.deployments, target.object);
  return [{ do: 'event', about, uid: target.uid, type, reason, message: oneLine(message) }];
}
