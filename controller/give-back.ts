import type { KubeObject, ObjectRef } from '../api/kube.ts';
import { RESOURCES } from '../api/resources.ts';
import { getObjects, getString } from '../lib/json.ts';
import type { Write } from '../api/writes.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isInvalid, KubeError } from '../kube/errors.ts';
import { liveOf, PROVIDERS } from '../providers/index.ts';
import { ownersAfter } from '../release/facts/field-owners.ts';
import type { Action, Snapshot } from '../release/model.ts';

/** Others may write between reading and giving back, above all a gateway that writes its status. */
const TRIES = 4;

export interface GiveBack {
  client: Pick<KubeClient, 'execute' | 'list'>;
  /** asked before each write */
  mayAct: () => boolean;
  /** called with the server's error if giving back fails: a later pass tries again */
  onLost: (error: KubeError) => void;
}

type Patch = Extract<Write, { verb: 'jsonPatch' | 'mergePatch' }>;

/**
 * The write that makes every manager the owner of what it owned before, and changes nothing else; undefined: nothing to
 * do.
 */
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
 * After one of our writes to a user's object: gives what the write took from other owners back to them.
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

/** Reads the object by a list, because the controller has the right to list in any case. */
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

/** Does the write change fields that have owners? A status, or a dry run, which stores nothing, does not count. */
export const takesFields = (write: Write): write is Patch =>
  (write.verb === 'jsonPatch' || write.verb === 'mergePatch') &&
  write.subresource === undefined &&
  !('dryRun' in write);

/** The object as the snapshot has it; it may be a user's. */
export function seenIn(snapshot: Snapshot, { resource, name }: ObjectRef): KubeObject | undefined {
  const objects = resource === RESOURCES.deployments ? snapshot.deployments : liveOf(resource, snapshot);
  return objects.find(({ metadata }) => metadata.name === name);
}

/**
 * Actions that repair field owners after a process died between a write and giving back: in the target, and in the
 * routes of its releases.
 */
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
