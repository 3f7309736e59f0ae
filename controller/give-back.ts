import type { KubeObject, ObjectRef } from '../api/kube.ts';
import { RESOURCES } from '../api/resources.ts';
import { getObjects, getString } from '../lib/json.ts';
import type { Write } from '../api/writes.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isInvalid, KubeError } from '../kube/errors.ts';
import { liveOf, PROVIDERS } from '../providers/index.ts';
import { ownersAfter } from '../release/facts/field-owners.ts';
import type { Action, Snapshot } from '../release/model.ts';

/** Somebody writes in between now and then, a gateway its status above all. */
const TRIES = 4;

export interface GiveBack {
  client: Pick<KubeClient, 'execute' | 'list'>;
  /** asked before each write */
  mayAct: () => boolean;
  /** told of what the server answered, if that did not go well: a later pass tries again */
  onLost: (error: KubeError) => void;
}

type Patch = Extract<Write, { verb: 'jsonPatch' | 'mergePatch' }>;

/** The write that makes everybody the owner of what they owned again, and changes nothing else. */
function ownersWrite(ref: ObjectRef, after: KubeObject, before?: KubeObject): Patch | undefined {
  const value = ownersAfter(after, before);
  const { resourceVersion } = after.metadata;
  if (value === undefined || resourceVersion === undefined) return undefined;
  return {
    verb: 'jsonPatch',
    ref,
    patch: [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'replace', path: '/metadata/managedFields', value },
    ],
  };
}

/**
 * After a write of ours to an object of a user's: what it took from others is theirs again.
 *
 * @param before the object as it was when the write was decided
 * @param after as the server returned it
 * @returns the object as it is now
 */
export async function giveBack(
  ref: ObjectRef,
  [before, after]: [KubeObject, KubeObject],
  { client, mayAct, onLost }: GiveBack,
): Promise<KubeObject> {
  let live = after;
  for (let tries = 0; tries < TRIES; tries++) {
    const write = ownersWrite(ref, live, before);
    if (write === undefined || !mayAct()) return live;
    try {
      return (await client.execute(write)) ?? live;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const raced = isConflict(error) || isInvalid(error);
      const now = raced ? await reread(ref, client, onLost) : undefined;
      if (now === undefined) {
        if (!raced) onLost(error);
        return live;
      }
      live = now;
    }
  }
  return live;
}

/** By the right to list, which is there anyway. */
async function reread(
  { resource, namespace, name }: ObjectRef,
  client: GiveBack['client'],
  onLost: GiveBack['onLost'],
): Promise<KubeObject | undefined> {
  try {
    const page = await client.list(resource, { namespace, fieldSelector: `metadata.name=${name}` });
    return page.items[0];
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    onLost(error);
    return undefined;
  }
}

/** Does a write change more than a status or what the server says without storing? */
export const takesFields = (write: Write): write is Patch =>
  (write.verb === 'jsonPatch' || write.verb === 'mergePatch') &&
  write.subresource === undefined &&
  !('dryRun' in write);

/** An object that may be a user's, as the snapshot has it. */
export function seenIn(snapshot: Snapshot, { resource, name }: ObjectRef): KubeObject | undefined {
  const objects = resource === RESOURCES.deployments ? snapshot.deployments : liveOf(resource, snapshot);
  return objects.find(({ metadata }) => metadata.name === name);
}

/** What a process that died between a write and the one that gives back has left: in the target, and in the routes of its releases. */
export function repairsOf(snapshot: Snapshot): Action[] {
  const { key, releases } = snapshot;
  const { namespace, name } = key;
  const refs = [
    { resource: RESOURCES.deployments, namespace, name },
    ...releases.flatMap((release) => routesOf(release, namespace)),
  ];
  const byName = new Map(refs.map((ref) => [`${ref.resource.plural}/${ref.name}`, ref]));
  return [...byName.values()].flatMap((ref): Action[] => {
    const object = seenIn(snapshot, ref);
    const write = object === undefined ? undefined : ownersWrite(ref, object);
    return write === undefined
      ? []
      : [{ do: 'write', why: 'give fields back to their owners', write, onRefusal: { then: 'goOn' } }];
  });
}

function routesOf(release: KubeObject, namespace: string): ObjectRef[] {
  const resources = Object.values(PROVIDERS).flatMap(({ routeResources }) => routeResources);
  return getObjects(release, 'spec', 'traffic', 'routes').flatMap((route) => {
    const name = getString(route, 'name');
    const kinds = resources.filter(({ kind }) => kind === getString(route, 'kind'));
    return name === undefined ? [] : kinds.map((resource) => ({ resource, namespace, name }));
  });
}
