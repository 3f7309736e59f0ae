import { equalJson } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import { releaseName } from '../canary/index.ts';
import type { Facts } from '../facts/facts.ts';
import type { Action, Answer, Snapshot } from '../model.ts';
import { remove, write } from '../actions.ts';
import { answer, AT_ONCE } from '../answer.ts';

/** Every Release of the target, sealed or not: their names are taken. */
export type Beside = Pick<Snapshot, 'releases' | 'unsealed'>;

/** A record that is to be made: it has no status yet. */
export const asObject = ({ apiVersion, kind, metadata, spec }: Release): KubeObject => ({
  apiVersion,
  kind,
  metadata,
  spec: { ...spec },
});
const named = (all: readonly KubeObject[], name: string): KubeObject | undefined =>
  all.find(({ metadata }) => metadata.name === name);

/**
 * The first free name for the record. A name is also free if its only holder is this very record, created but not yet
 * sealed when the process ended.
 */
export function underFreeName(make: (attempt: number) => Release, beside: Beside): Release {
  for (let attempt = 1; ; attempt++) {
    const release = make(attempt);
    const { name } = release.metadata;
    const found = named(beside.unsealed, name);
    if (
      named(beside.releases, name) === undefined &&
      (found === undefined || isUnfinished(found, asObject(release)))
    )
      return release;
  }
}

/**
 * How such a record is made: it is created, or, if it exists, only sealed. A record is sealed only if it equals what
 * would be created now.
 */
export function making({ snapshot }: Facts, why: string, release: Release): Action {
  const found = named(snapshot.unsealed, release.metadata.name);
  const object = asObject(release);
  if (found !== undefined && isUnfinished(found, object)) return { do: 'seal', why, release: found };
  return write(why, { verb: 'create', object });
}

function isUnfinished(found: KubeObject, wanted: KubeObject): boolean {
  const parts = ({ spec, metadata }: KubeObject) => {
    const { labels, annotations = {}, ownerReferences, finalizers = [] } = metadata;
    return { spec, labels, annotations, ownerReferences, finalizers };
  };
  return found.status === undefined && equalJson(parts(found), parts(wanted));
}

/** May this be a record that was created and only lacks the seal? That is decided when it would be created again. */
export function mayBeUnfinished({ target, snapshot, key }: Facts, { metadata, status }: Release): boolean {
  if (status !== undefined || target === undefined) return false;
  const attempts = snapshot.releases.length + snapshot.unsealed.length;
  return [target.generation, target.generation - 1].some((generation) =>
    Array.from({ length: attempts }, (_, index) => releaseName(key.name, generation, index + 1)).includes(
      metadata.name,
    ),
  );
}

/** Deletes a Release that another writer made, or that was created, not sealed, and is no longer needed. */
export function discarded(release: Release): Answer {
  const sentence = `Release ${release.metadata.name} has neither a seal nor a status: nothing was done for it, and it is deleted.`;
  const actions = remove('delete what is not sealed', RESOURCES.releases, release);
  return answer({ reason: REASON.InvalidRelease, sentence, actions, requeueAfterMs: AT_ONCE });
}

/**
 * A Release without a valid seal exists for this very generation, so its result cannot be believed: the template may
 * have been rejected. A human says whether it is tried again.
 */
export function doubted({ target, unsealed, key }: Facts): Answer | undefined {
  const first = target === undefined ? '' : releaseName(key.name, target.generation, 1);
  const found = unsealed.find(({ metadata, status }) => status !== undefined && metadata.name === first);
  if (found === undefined) return undefined;
  const sentence = `Release ${first} of the held template has no valid seal: delete that Release to have the template tried, or apply another template.`;
  return answer({ reason: REASON.InvalidRelease, sentence, outcome: 'stalled' });
}
