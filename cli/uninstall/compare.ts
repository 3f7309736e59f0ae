import type { KubeObject, Resource } from '../../api/kube.ts';
import { newestFirst } from '../../api/order.ts';
import { RESOURCES } from '../../api/resources.ts';
import { targetKey } from '../../api/target-key.ts';
import type { KubeClient } from '../../kube/client.ts';
import { fingerprint, recordedFingerprints } from '../../release/record/fingerprint.ts';
import { targetOf } from './find.ts';

/** A user's object, and whether it is as it was before Sluice's first edit in the newest release that recorded it. */
export interface Compared {
  /** "HTTPRoute shop/web" */
  object: string;
  /** the Release that recorded it */
  release: string;
  is: 'the same' | 'different' | 'gone';
}

/** @throws KubeError if the API server refuses, or does not answer */
export async function compareObjects(
  client: Pick<KubeClient, 'get'>,
  releases: readonly KubeObject[],
): Promise<Compared[]> {
  const compared = new Map<string, Compared>();
  for (const release of newestOfEach(releases)) {
    const { namespace = '', name } = release.metadata;
    for (const [object, recorded] of Object.entries(recordedFingerprints(release))) {
      const [kind = '', of = ''] = object.split('/');
      const live = await find(client, { kind, namespace, name: of });
      const is = live === undefined ? 'gone' : fingerprint(live) === recorded ? 'the same' : 'different';
      const title = `${kind} ${namespace}/${of}`;
      // A route may belong to several targets.
      if (compared.get(title)?.is !== 'the same') compared.set(title, { object: title, release: name, is });
    }
  }
  return [...compared.values()];
}

/** The newest Release of each target: what users wrote since an earlier one is theirs. */
function newestOfEach(releases: readonly KubeObject[]): KubeObject[] {
  const newest = new Map<string, KubeObject>();
  for (const release of newestFirst(releases)) {
    const key = targetKey(targetOf(release));
    if (!newest.has(key)) newest.set(key, release);
  }
  return [...newest.values()];
}

async function find(
  client: Pick<KubeClient, 'get'>,
  { kind, namespace, name }: { kind: string; namespace: string; name: string },
): Promise<KubeObject | undefined> {
  const resources: readonly Resource[] = Object.values(RESOURCES).filter((each) => each.kind === kind);
  for (const resource of resources) {
    const found = await client.get({ resource, namespace, name });
    if (found !== undefined) return found;
  }
  return undefined;
}
