import type { KubeObject, Resource } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { FOLLOWED } from '../../release/companions/index.ts';
import { CONSIDERED } from '../../release/preflight/index.ts';
import { FORBIDDEN, type Reader } from '../../controller/observe/snapshot.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { reachingIn } from './manifests.ts';

const OPTIONAL = [...FOLLOWED, ...CONSIDERED];
/** Without rights to these kinds nothing can be checked. */
const NEEDED: readonly Resource[] = [
  RESOURCES.deployments,
  RESOURCES.replicaSets,
  RESOURCES.pods,
  RESOURCES.services,
];

const written = () => undefined;

/** Lists as they stand on the API server now. */
export function clusterReader(client: Pick<KubeClient, 'listAll' | 'serves'>): Reader {
  const list = async (
    resource: Resource,
    namespace?: string,
  ): Promise<readonly KubeObject[] | typeof FORBIDDEN> => {
    try {
      return (await client.listAll(resource, { namespace })).items;
    } catch (error) {
      if (NEEDED.includes(resource)) throw error;
      if (isNotFound(error)) return [];
      if (!isForbidden(error)) throw error;
      // A user without rights to a kind gets 403 whether or not it is installed.
      if (!(await client.serves(resource))) return [];
      if (OPTIONAL.includes(resource)) return FORBIDDEN;
      throw error;
    }
  };
  const elsewhere = async (namespace: string): Promise<KubeObject[]> => {
    const found = await list(RESOURCES.networkPolicies);
    return found === FORBIDDEN ? [] : reachingIn(found, namespace);
  };
  const classes = async (): Promise<readonly KubeObject[]> => {
    try {
      return (await client.listAll(RESOURCES.ingressClasses, {})).items;
    } catch (error) {
      if (isNotFound(error) || isForbidden(error)) return [];
      throw error;
    }
  };
  return { list, elsewhere, classes, written };
}
