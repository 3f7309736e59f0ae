import type { KubeObject } from '../../api/kube.ts';
import type { KubeClient } from '../../kube/client.ts';
import { deniedVerbs, kindAsked, type Asked } from '../check/rights.ts';
import { kindOf } from './kinds.ts';

/** These verbs on the kind of each of the objects, where each lies. */
export function rightsTo(verbs: readonly string[], objects: readonly KubeObject[]): Asked[] {
  const asked = new Map<string, Asked>();
  for (const object of objects) {
    const resource = kindOf(object);
    const { namespace } = object.metadata;
    const key = `${resource.group}/${resource.plural}/${namespace ?? ''}`;
    asked.set(key, { resource, verbs, ...(namespace === undefined ? {} : { namespace }) });
  }
  return [...asked.values()];
}

/** "create, patch clusterroles of rbac.authorization.k8s.io" for each right that the user of the kubeconfig lacks. */
export async function lacking(
  client: Pick<KubeClient, 'review'>,
  rights: readonly Asked[],
): Promise<string[]> {
  const found = await Promise.all(
    rights.map(async (right) => {
      const denied = await deniedVerbs(client, right);
      const where = right.namespace === undefined ? '' : ` in namespace ${right.namespace}`;
      return denied.length === 0 ? [] : [`${denied.join(', ')} ${kindAsked(right)}${where}`];
    }),
  );
  return found.flat();
}
