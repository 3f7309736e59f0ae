import { getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION, FINALIZER } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import { PROVIDERS } from '../../providers/index.ts';
import { canaryName, isMadeFor } from '../canary/index.ts';
import { makerIn } from '../facts/maker.ts';
import type { Action, Answer, Snapshot } from '../model.ts';
import { forgetOriginals, urgent, write } from '../actions.ts';
import { answer } from '../answer.ts';
import { strayRoutes, strayTraffic } from '../plan/left-behind.ts';

/**
 * A canary that cannot be judged keeps its traffic this long: an error of ours may pass with the object that caused it.
 */
const UNDECIDED_MS = 120_000;

/**
 * What is done about a target while deciding throws. It reads as little as possible of what may have caused that.
 * Traffic is taken off when the target, a human or an earlier decision wants it, and when the error lasts.
 */
export function plainly(snapshot: Snapshot, sentence: string, sinceMs: number): Answer {
  const [newest] = snapshot.releases;
  const due = isOver(snapshot, newest) || snapshot.nowMs - sinceMs >= UNDECIDED_MS;
  const actions = due ? [...offPlainly(snapshot), ...freed(snapshot, newest)] : [];
  return answer({ reason: REASON.InternalError, sentence, outcome: 'stalled', actions });
}

/** Is this release ordered to end, or was it already being taken back? */
function isOver({ target }: Snapshot, newest: KubeObject | undefined): boolean {
  return (
    target === undefined ||
    target.metadata.deletionTimestamp !== undefined ||
    target.metadata.annotations?.[ANNOTATION.policy] === undefined ||
    newest?.metadata.deletionTimestamp !== undefined ||
    getString(newest, 'spec', 'intent') === 'Abort' ||
    getString(newest, 'status', 'phase') === 'RollingBack' ||
    getString(newest, 'status', 'trouble', 'phase') === 'RollingBack'
  );
}

/** Each part by itself: a part that cannot be read does not prevent the others. */
function offPlainly(snapshot: Snapshot): Action[] {
  const providers = Object.values(PROVIDERS);
  return [
    ...providers.map((provider) => () => strayRoutes(snapshot, provider)),
    ...providers.map((provider) => () => strayTraffic(snapshot, [provider])),
    () => sharedPods(snapshot),
  ].flatMap((part) => {
    try {
      return urgent(part());
    } catch {
      return [];
    }
  });
}

/** Without a Service of its own the canary gets its share through its pods. */
function sharedPods(snapshot: Snapshot): Action[] {
  const { key, deployments, services } = snapshot;
  const maker = makerIn(snapshot);
  const isOurs = (each: KubeObject): boolean => isMadeFor(maker, each);
  const canary = deployments.find((each) => each.metadata.name === canaryName(key.name) && isOurs(each));
  if (canary === undefined || services.some(isOurs) || canary.spec?.['replicas'] === 0) return [];
  const ref = { resource: RESOURCES.deployments, namespace: key.namespace, name: canary.metadata.name };
  const patch = [
    { op: 'test' as const, path: '/metadata/uid', value: canary.metadata.uid ?? '' },
    { op: 'add' as const, path: '/spec/replicas', value: 0 },
  ];
  return [write('take all traffic off the canary', { verb: 'jsonPatch', ref, patch })];
}

/** Removes the finalizer of a Release that is being deleted, once no route names the canary. */
function freed(snapshot: Snapshot, newest: KubeObject | undefined): Action[] {
  const finalizers: unknown = newest?.metadata.finalizers;
  const kept = Array.isArray(finalizers) && finalizers.includes(FINALIZER);
  if (newest?.metadata.deletionTimestamp === undefined || !kept) return [];
  return offPlainly(snapshot).length > 0 ? [] : [forgetOriginals(newest)];
}

/** An Event about the target, made without reading anything else. */
export function toldPlainly({ key, target }: Snapshot, message: string): Action[] {
  const uid = target?.metadata.uid;
  if (uid === undefined) return [];
  const about = { resource: RESOURCES.deployments, namespace: key.namespace, name: key.name };
  return [{ do: 'event', about, uid, type: 'Warning', reason: REASON.InternalError, message }];
}
