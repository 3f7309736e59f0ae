import type { KubeObject, Resource } from '../../api/kube.ts';
import { apiVersionOf, RESOURCES } from '../../api/resources.ts';
import { admissionResource, VERSIONS } from '../../controller/hold/resources.ts';

const cluster = (group: string, plural: string, kind: string): Resource => ({
  ...{ group, version: 'v1', plural, kind, namespaced: false },
});
const inNamespace = (group: string, plural: string, kind: string): Resource => ({
  ...cluster(group, plural, kind),
  namespaced: true,
});
const RBAC = 'rbac.authorization.k8s.io';

export const NAMESPACES = cluster('', 'namespaces', 'Namespace');
export const CRDS = cluster('apiextensions.k8s.io', 'customresourcedefinitions', 'CustomResourceDefinition');
export const ROLE_BINDINGS = inNamespace(RBAC, 'rolebindings', 'RoleBinding');

/** Every kind of object that an installation consists of. */
export const INSTALLED_KINDS: readonly Resource[] = [
  NAMESPACES,
  CRDS,
  inNamespace('', 'serviceaccounts', 'ServiceAccount'),
  cluster(RBAC, 'clusterroles', 'ClusterRole'),
  cluster(RBAC, 'clusterrolebindings', 'ClusterRoleBinding'),
  inNamespace(RBAC, 'roles', 'Role'),
  ROLE_BINDINGS,
  ...VERSIONS.flatMap((version) =>
    ['ValidatingAdmissionPolicy', 'MutatingAdmissionPolicy']
      .flatMap((kind) => [kind, `${kind}Binding`])
      .map((kind) => admissionResource(kind, version)),
  ),
  RESOURCES.networkPolicies,
  RESOURCES.podDisruptionBudgets,
  RESOURCES.deployments,
];

/** "deployment/sluice-controller": as kubectl names what it applies. */
export const titleOf = ({ kind, metadata }: KubeObject): string => `${kind.toLowerCase()}/${metadata.name}`;

/** The kind of an object of an installation. */
export function kindOf(object: KubeObject): Resource {
  const found = INSTALLED_KINDS.find(
    (each) => each.kind === object.kind && apiVersionOf(each) === object.apiVersion,
  );
  if (found === undefined) throw new Error(`no part of an installation: ${object.apiVersion} ${object.kind}`);
  return found;
}
