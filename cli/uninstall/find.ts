import { isTerminal } from '../../api/conditions.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION, FINALIZER } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { targetKey, type TargetName } from '../../api/target-key.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { getString } from '../../lib/json.ts';
import type { Phase } from '../../api/kinds/release/status.ts';

/** What an uninstallation has to take care of before it removes anything. */
export interface Found {
  /** every Deployment that has opted in, or whose Release has something left to do */
  targets: TargetName[];
  /** Releases that have not ended, or whose state cannot be read, as "shop/web-5 (Progressing)" */
  running: string[];
  releases: KubeObject[];
}

/** @throws KubeError if the API server refuses, or does not answer */
export async function findTargets(client: Pick<KubeClient, 'listAll'>): Promise<Found> {
  const deployments = await client.listAll(RESOURCES.deployments, { metadataOnly: true });
  const optedIn = deployments.items.filter(
    ({ metadata }) => metadata.annotations?.[ANNOTATION.policy] !== undefined,
  );
  const releases = await releasesIn(client);
  const open = releases.filter((each) => !isOver(each));
  const names = [
    ...optedIn.map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name })),
    ...open.map((each) => targetOf(each)),
  ];
  return {
    targets: [...new Map(names.map((each) => [targetKey(each), each])).values()],
    running: open.filter((each) => !hasEnded(each)).map(shown),
    releases,
  };
}

async function releasesIn(client: Pick<KubeClient, 'listAll'>): Promise<KubeObject[]> {
  try {
    return (await client.listAll(RESOURCES.releases)).items;
  } catch (error) {
    // Without the kind there are none.
    if (isNotFound(error)) return [];
    throw error;
  }
}

export const targetOf = (release: KubeObject): TargetName => ({
  namespace: release.metadata.namespace ?? '',
  name: getString(release.spec, 'target', 'name') ?? '',
});

const phaseOf = (release: KubeObject): string => getString(release.status, 'phase') ?? 'Pending';
const hasEnded = (release: KubeObject): boolean => isTerminal(phaseOf(release) as Phase);

/** Nothing is left to do for it: no route of a user waits to be put back. */
export const isOver = (release: KubeObject): boolean =>
  hasEnded(release) && !(release.metadata.finalizers ?? []).includes(FINALIZER);

const shown = (release: KubeObject): string =>
  `${release.metadata.namespace ?? ''}/${release.metadata.name} (${phaseOf(release)})`;
