import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { getString, getStringMap, isObject } from '../../lib/json.ts';
import { isKubeObject } from '../../api/kube.ts';
import type { KubeObject, OwnerReference, Resource } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { reachesOut } from '../../release/companions/index.ts';
import { UsageError } from '../io.ts';

const written = () => undefined;

/** Reads the objects of manifests, and the pods their Deployments will have; any other object counts as absent. */
export function manifestReader(objects: readonly KubeObject[]) {
  const identified = objects.map((object) => ({
    ...object,
    metadata: { uid: uidOf(object), ...object.metadata },
  }));
  const deployments = identified.filter(isOf(RESOURCES.deployments));
  const replicaSets = deployments.map(replicaSetOf);
  const all = [...identified, ...replicaSets, ...replicaSets.map(podOf)];
  const list = (resource: Resource, namespace: string) =>
    all.filter((object) => isOf(resource)(object) && object.metadata.namespace === namespace);
  const elsewhere = (namespace: string) =>
    reachingIn(identified.filter(isOf(RESOURCES.networkPolicies)), namespace);
  const classes = () => identified.filter(isOf(RESOURCES.ingressClasses));
  return { list, elsewhere, classes, written };
}

const isOf =
  (resource: Resource) =>
  (object: KubeObject): boolean =>
    object.kind === resource.kind && (object.apiVersion.split('/').at(-2) ?? '') === resource.group;

const uidOf = ({ kind, metadata }: KubeObject): string =>
  `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;

const ownedBy = ({ apiVersion, kind, metadata }: KubeObject): OwnerReference[] => [
  { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true },
];

/**
 * What will run once the manifests are applied, as far as it matters to Services and owners: one ready pod of each
 * Deployment.
 */
function replicaSetOf(deployment: KubeObject): KubeObject {
  const { name, namespace = '' } = deployment.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: RESOURCES.replicaSets.kind,
    metadata: {
      name,
      namespace,
      uid: `ReplicaSet/${namespace}/${name}`,
      ownerReferences: ownedBy(deployment),
    },
    spec: { replicas: 1, template: deployment.spec?.['template'] },
    status: { availableReplicas: 1 },
  };
}

function podOf(replicaSet: KubeObject): KubeObject {
  const { name, namespace = '' } = replicaSet.metadata;
  return {
    apiVersion: 'v1',
    kind: RESOURCES.pods.kind,
    metadata: {
      name: `${name}-pod`,
      namespace,
      uid: `Pod/${namespace}/${name}`,
      labels: getStringMap(replicaSet, 'spec', 'template', 'metadata', 'labels'),
      ownerReferences: ownedBy(replicaSet),
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** NetworkPolicies of other namespaces that may refer to pods of this one. */
export const reachingIn = (policies: readonly KubeObject[], namespace: string): KubeObject[] =>
  policies.filter((policy) => policy.metadata.namespace !== namespace && reachesOut(policy));

/** All objects in YAML files; those without a namespace are assumed to be in `namespace`. */
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
  if (!isKubeObject(value) || getString(value, 'metadata', 'name') === undefined) {
    throw new UsageError(
      `-f ${at.file}: document ${at.i + 1} is not a Kubernetes object; give apiVersion, kind and metadata.name`,
    );
  }
  return { ...value, metadata: { namespace: at.namespace, ...value.metadata } };
}
