import type { KubeObject } from '../../api/kube.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { asObject, getObjects, getString, type JsonObject } from '../../lib/json.ts';
import { diffJson } from '../format/diff.ts';
import type { Io } from '../io.ts';
import { sleep } from '../sleep.ts';
import { CRDS, kindOf, titleOf } from './kinds.ts';

export type ApplyClient = Pick<KubeClient, 'apply' | 'delete' | 'get'>;

/** What came of one object: "created", "unchanged", "changed (spec.replicas)", "deleted". */
export interface Applied {
  title: string;
  what: string;
}

/**
 * Applies objects in their order. Every definition of a kind is in force before the next object.
 *
 * @throws KubeError when the server refuses one
 */
export async function applyAll(
  io: Io,
  client: ApplyClient,
  objects: readonly KubeObject[],
  tell: (applied: Applied) => void,
): Promise<void> {
  for (const object of objects) {
    const ref = refOf(object);
    const before = await client.get(ref);
    const after = await client.apply(object);
    tell({ title: titleOf(object), what: whatChanged(before, after) });
    if (ref.resource === CRDS) await established(io, client, object);
  }
}

/** Deletes those of the objects that exist. */
export async function deleteAll(
  client: Pick<KubeClient, 'get' | 'delete'>,
  objects: readonly KubeObject[],
  tell: (applied: Applied) => void,
): Promise<void> {
  for (const object of objects) {
    const found = await client.get(refOf(object));
    if (found === undefined) continue;
    try {
      await client.delete(refOf(object));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    tell({ title: titleOf(object), what: 'deleted' });
  }
}

export const refOf = (object: KubeObject) => ({
  resource: kindOf(object),
  name: object.metadata.name,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
});

const MOST_PATHS = 4;

function whatChanged(before: KubeObject | undefined, after: KubeObject): string {
  if (before === undefined) return 'created';
  const paths = [...new Set(diffJson(written(before), written(after)).map(({ path }) => path))];
  if (paths.length === 0) return 'unchanged';
  const more = paths.length > MOST_PATHS ? ` and ${paths.length - MOST_PATHS} more` : '';
  return `changed (${paths.slice(0, MOST_PATHS).join(', ')}${more})`;
}

/** What people and programs write, without what the server keeps of it. */
function written({ metadata, ...rest }: KubeObject): JsonObject {
  const { labels, annotations } = metadata;
  const parts = { ...asObject(rest), status: undefined };
  return { ...parts, metadata: { labels: labels ?? {}, annotations: annotations ?? {} } };
}

const ESTABLISHED_MS = 30_000;
const AGAIN_MS = 200;

/** Waits until objects of a new kind can be made; if that lasts, what follows says so. */
async function established(io: Io, client: ApplyClient, crd: KubeObject): Promise<void> {
  const untilMs = io.clock.now() + ESTABLISHED_MS;
  while (io.clock.now() < untilMs && !io.stop.aborted) {
    const live = await client.get(refOf(crd));
    const is = getObjects(live?.status, 'conditions').some(
      (each) => getString(each, 'type') === 'Established' && getString(each, 'status') === 'True',
    );
    if (is) return;
    await sleep(io, AGAIN_MS);
  }
}
