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

/** Every Release of the target, whoever vouches for it: their names are taken. */
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
 * The first of its names that is free. One is free as well if all that bears it is this very record, made and not sealed
 * when the process ended.
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

/** How such a record comes about: it is made, or only sealed. Nothing is sealed that differs from what would be made now. */
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

/** May it be a record that was made and is only to be sealed? That is seen when it is to be made again. */
export function mayBeUnfinished({ target, snapshot, key }: Facts, { metadata, status }: Release): boolean {
  if (status !== undefined || target === undefined) return false;
  const attempts = snapshot.releases.length + snapshot.unsealed.length;
  return [target.generation, target.generation - 1].some((generation) =>
    Array.from({ length: attempts }, (_, index) => releaseName(key.name, generation, index + 1)).includes(
      metadata.name,
    ),
  );
}

/** Made by somebody else, or made and not sealed, and not needed any more. */
export function discarded(release: Release): Answer {
  const sentence = `Release ${release.metadata.name} has neither a seal nor a status: nothing was done for it, and it is deleted.`;
  const actions = remove('delete what is not sealed', RESOURCES.releases, release);
  return answer({ reason: REASON.InvalidRelease, sentence, actions, requeueAfterMs: AT_ONCE });
}

/** What became of this very generation nobody vouches for: it may have been turned down. A human says whether it is tried again. */
export function doubted({ target, unsealed, key }: Facts): Answer | undefined {
  const first = target === undefined ? '' : releaseName(key.name, target.generation, 1);
  const found = unsealed.find(({ metadata, status }) => status !== undefined && metadata.name === first);
  if (found === undefined) return undefined;
  const sentence = `Release ${first} of the held template has no valid seal: delete that Release to have the template tried, or apply another template.`;
  return answer({ reason: REASON.InvalidRelease, sentence, outcome: 'stalled' });
}
