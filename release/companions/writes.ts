import { getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject, ObjectRef, Resource } from '../../api/kube.ts';
import type { Write } from '../../api/writes.ts';
import { isMadeFor, type Maker } from '../canary/index.ts';
import { resourceOf } from './kinds.ts';
import { COPY_OF, liveByName, liveOf, type Companion } from './plan.ts';

/** One write of a copy, with the name under which its refusal is remembered. */
export interface CompanionWrite {
  /** "NetworkPolicy web-x7b2k-canary" */
  id: string;
  why: string;
  write: Write;
}

export const idOf = (kind: string, name: string): string => `${kind} ${name}`;

/**
 * Writes that bring the live copies to the wanted state; [] when they are in it. Only the hash that a copy carries
 * tells whether it is up to date. Otherwise a field that the server or a webhook fills in would be written again and
 * again.
 */
export function companionWrites(
  maker: Maker,
  wanted: readonly Companion[],
  attached: readonly KubeObject[],
): CompanionWrite[] {
  const kept = new Set<KubeObject>();
  const byName = liveByName(attached);
  const made = wanted.flatMap((companion) => {
    const live = liveOf(companion, byName);
    if (live === undefined) return [creation(companion)];
    kept.add(live);
    const isOurs = isMadeFor(maker, live) && live.metadata.deletionTimestamp === undefined;
    return isOurs && !isCurrent(live, companion.object) ? [update(companion, live)] : [];
  });
  return [...made, ...removals(maker, attached, kept)];
}

/** Deletes the copies made for a target, except `kept`. */
export function removals(
  maker: Maker,
  attached: readonly KubeObject[],
  kept: ReadonlySet<KubeObject> = new Set(),
): CompanionWrite[] {
  return attached.flatMap((live) => {
    const resource = resourceOf(live);
    const going = live.metadata.deletionTimestamp !== undefined;
    const isCopy = isMadeFor(maker, live) && mark(live) !== undefined;
    if (resource === undefined || going || kept.has(live) || !isCopy) return [];
    const write: Write = { verb: 'delete', ref: refTo(resource, live), uid: live.metadata.uid ?? '' };
    return [{ id: idOf(resource.kind, live.metadata.name), why: 'remove a copy for the canary', write }];
  });
}

function creation({ object, original }: Companion): CompanionWrite {
  const why = `copy ${original} for the canary`;
  return { id: idOf(object.kind, object.metadata.name), why, write: { verb: 'create', object } };
}

const isCurrent = (live: KubeObject, wanted: KubeObject): boolean => mark(live) === mark(wanted);

const mark = (object: KubeObject): string | undefined =>
  getString(object, 'metadata', 'annotations', COPY_OF);

/** Replaces the whole content of the copy in one write, bound to the object about which it was decided. */
function update({ resource, object, original }: Companion, live: KubeObject): CompanionWrite {
  const labels = { ...getStringMap(live, 'metadata', 'labels'), ...object.metadata.labels };
  return {
    id: idOf(object.kind, object.metadata.name),
    why: `update the copy of ${original}`,
    write: {
      verb: 'jsonPatch',
      ref: refTo(resource, live),
      patch: [
        { op: 'test', path: '/metadata/uid', value: live.metadata.uid ?? '' },
        { op: 'add', path: '/metadata/labels', value: labels },
        { op: 'add', path: '/metadata/annotations', value: { ...object.metadata.annotations } },
        { op: 'add', path: '/spec', value: object.spec ?? {} },
      ],
    },
  };
}

function refTo(resource: Resource, { metadata: { name, namespace } }: KubeObject): ObjectRef {
  return { resource, name, ...(namespace === undefined ? {} : { namespace }) };
}
