import type { KubeObject, Resource } from '../../api/kube.ts';
import { HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { admissionResource, VERSIONS } from '../../controller/hold/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { arrayOrEmpty, getInteger, getObjects, getString } from '../../lib/json.ts';

export type ClusterClient = Pick<KubeClient, 'get' | 'list' | 'serves'>;

/** What an installation depends on. */
export interface Cluster {
  /** the version in which policies of this kind are served; undefined: they are not */
  validating: string | undefined;
  mutating: string | undefined;
  /** kinds that Sluice knows and the server has, as "plural.group" */
  served: ReadonlySet<string>;
  /** where the API server itself listens, behind its Service; empty: that may not be read */
  ports: readonly number[];
  /** the controller as it is installed */
  controller: KubeObject | undefined;
}

export const kindKey = ({ group, plural }: Pick<Resource, 'group' | 'plural'>): string =>
  `${plural}.${group}`;

const CONTROLLER = { resource: RESOURCES.deployments, namespace: HOME.namespace, name: 'sluice-controller' };
const SLICES: Resource = {
  ...{ group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', kind: 'EndpointSlice' },
  namespaced: true,
};

/** @throws KubeError if the API server refuses, or does not answer */
export async function lookAtCluster(client: ClusterClient): Promise<Cluster> {
  const kinds = Object.values(RESOURCES);
  const has = await Promise.all(kinds.map((resource) => client.serves(resource)));
  return {
    validating: await servedVersion(client, 'ValidatingAdmissionPolicy'),
    mutating: await servedVersion(client, 'MutatingAdmissionPolicy'),
    served: new Set(kinds.filter((_, index) => has[index]).map(kindKey)),
    ports: await portsOf(client),
    controller: await client.get(CONTROLLER),
  };
}

async function servedVersion(client: ClusterClient, kind: string): Promise<string | undefined> {
  for (const version of VERSIONS) if (await client.serves(admissionResource(kind, version))) return version;
  return undefined;
}

/** A NetworkPolicy is about the address behind a Service, and so are these ports. */
async function portsOf(client: ClusterClient): Promise<number[]> {
  try {
    const labelSelector = 'kubernetes.io/service-name=kubernetes';
    const { items } = await client.list(SLICES, { namespace: 'default', labelSelector });
    const ports = items.flatMap((slice) => getObjects(slice, 'ports'));
    return ports.map((port) => getInteger(port, 'port')).filter((port) => port !== undefined);
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return [];
    throw error;
  }
}

const container = (controller: KubeObject | undefined): unknown =>
  arrayOrEmpty(controller?.spec, 'template', 'spec', 'containers')[0];

/** The image of an installed controller. */
export const imageOf = (controller: KubeObject | undefined): string | undefined =>
  getString(container(controller), 'image');

/** The flags of an installed controller. */
export const argsOf = (controller: KubeObject | undefined): string[] =>
  arrayOrEmpty(container(controller), 'args').filter((each) => typeof each === 'string');
