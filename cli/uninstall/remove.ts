import type { KubeObject } from '../../api/kube.ts';
import { HOME } from '../../api/names.ts';
import { VERSIONS } from '../../controller/hold/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { everyShipped } from '../install/manifests.ts';
import { CRDS, kindOf, NAMESPACES, ROLE_BINDINGS } from '../install/kinds.ts';
import { refOf } from '../install/apply.ts';

/** What there is of an installation, in the order in which it is removed. */
export interface Installed {
  /** without it nothing acts on targets any more */
  controller: KubeObject | undefined;
  /** rights, policies and the like */
  rest: KubeObject[];
  /** kinds and namespace, which hold what people wrote */
  holding: KubeObject[];
}

/** @throws KubeError if the API server refuses, or does not answer */
export async function findInstalled(client: Pick<KubeClient, 'get' | 'listAll'>): Promise<Installed> {
  const shipped = everyShipped().flatMap(inEveryVersion).toReversed();
  const live = await Promise.all(shipped.map((object) => client.get(refOf(object))));
  const found = shipped.flatMap((object, index) => {
    const there = live[index];
    return there === undefined ? [] : [{ ...object, metadata: { ...object.metadata, ...only(there) } }];
  });
  const isHolding = (object: KubeObject): boolean => [CRDS, NAMESPACES].includes(kindOf(object));
  const isController = ({ kind }: KubeObject): boolean => kind === 'Deployment';
  return {
    controller: found.find(isController),
    rest: [
      ...(await boundInNamespaces(client)),
      ...found.filter((each) => !isController(each) && !isHolding(each)),
    ],
    holding: found.filter(isHolding),
  };
}

/** What manifests/deploy/namespace gives in a namespace with targets. */
async function boundInNamespaces(client: Pick<KubeClient, 'listAll'>): Promise<KubeObject[]> {
  const labelSelector = 'app.kubernetes.io/name=sluice,app.kubernetes.io/component=rbac';
  const { items } = await client.listAll(ROLE_BINDINGS, { labelSelector });
  return items.filter(({ metadata }) => metadata.namespace !== HOME.namespace);
}

/** Who else says that the object is theirs. */
const only = ({ metadata: { annotations } }: KubeObject) =>
  annotations === undefined ? {} : { annotations };

/** The server may have had an admission policy in an earlier version when it was installed. */
function inEveryVersion(object: KubeObject): KubeObject[] {
  if (!/AdmissionPolicy(Binding)?$/.test(object.kind)) return [object];
  const [group] = object.apiVersion.split('/');
  return VERSIONS.map((version) => ({ ...object, apiVersion: `${group ?? ''}/${version}` }));
}
