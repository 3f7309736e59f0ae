import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { isObject } from '../../api/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { FOLLOWED, reachesOut } from '../../controller/companions/index.ts';
import { CONSIDERED } from '../../controller/discovery/index.ts';
import { FORBIDDEN, type Reader } from '../../controller/snapshot.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { UsageError } from '../io.ts';

const OPTIONAL = [...FOLLOWED, ...CONSIDERED];
/** Without these there is nothing to check. */
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
      // Who has no right to a kind is told so whether it is installed or not.
      if (!(await client.serves(resource))) return [];
      if (OPTIONAL.includes(resource)) return FORBIDDEN;
      throw error;
    }
  };
  const elsewhere = async (namespace: string): Promise<KubeObject[]> => {
    const found = await list(RESOURCES.networkPolicies);
    return found === FORBIDDEN ? [] : reachingIn(found, namespace);
  };
  return { list, elsewhere, written };
}

/** The objects of manifests; what none of them holds is taken not to be there. */
export function manifestReader(objects: readonly KubeObject[]): Reader {
  const ofKind = (resource: Resource) =>
    objects.filter(
      (object) =>
        object.kind === resource.kind && (object.apiVersion.split('/').at(-2) ?? '') === resource.group,
    );
  const list = (resource: Resource, namespace: string) =>
    ofKind(resource).filter((object) => object.metadata.namespace === namespace);
  const elsewhere = (namespace: string) => reachingIn(ofKind(RESOURCES.networkPolicies), namespace);
  return { list, elsewhere, written };
}

/** NetworkPolicies of all namespaces but one that may speak of its pods. */
const reachingIn = (policies: readonly KubeObject[], namespace: string): KubeObject[] =>
  policies.filter((policy) => policy.metadata.namespace !== namespace && reachesOut(policy));

/** All objects of YAML files; those without a namespace are taken to be in `namespace`. */
export function readManifests(files: readonly string[], namespace: string): KubeObject[] {
  return files.flatMap((file) =>
    parseAllDocuments(read(file)).flatMap((document, i) => {
      const problem = document.errors[0];
      if (problem !== undefined) throw new UsageError(`-f ${file}: ${problem.message}`);
      const value: unknown = document.toJS();
      return itemsOf(value).map((item) => objectOf(item, { file, i, namespace }));
    }),
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`-f ${file}: cannot be read; give a YAML file`, { cause });
  }
}

function itemsOf(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  return isObject(value) && value['kind'] === 'List' && Array.isArray(value['items'])
    ? value['items']
    : [value];
}

function objectOf(value: unknown, at: { file: string; i: number; namespace: string }): KubeObject {
  const named =
    isObject(value) && isObject(value['metadata']) && typeof value['metadata']['name'] === 'string';
  if (!named || typeof value['kind'] !== 'string' || typeof value['apiVersion'] !== 'string') {
    throw new UsageError(
      `-f ${at.file}: document ${at.i + 1} is no Kubernetes object; give apiVersion, kind and metadata.name`,
    );
  }
  const object = value as unknown as KubeObject;
  return { ...object, metadata: { namespace: at.namespace, ...object.metadata } };
}
