import type { KubeObject, OwnerReference } from '../../api/kube.ts';
import { LABEL } from '../../api/names.ts';

/**
 * Name of the Deployment that owns an object: the target of everything Sluice makes, or the Deployment of a ReplicaSet.
 */
export function owningDeployment(object: KubeObject): string | undefined {
  return owner(object, 'Deployment')?.name;
}

export function owningReplicaSet(object: KubeObject): OwnerReference | undefined {
  return owner(object, 'ReplicaSet');
}

/** The target of an object that Sluice made. The owner comes first, because a label value cannot hold every name. */
export function targetOf(object: KubeObject): string | undefined {
  const spec = object.spec?.['target'];
  if (object.kind === 'Release' && typeof spec === 'object' && spec !== null && !Array.isArray(spec)) {
    if (typeof spec['name'] === 'string') return spec['name'];
  }
  const label = object.metadata.labels?.[LABEL.target];
  return label === undefined ? undefined : (owningDeployment(object) ?? label);
}

function owner(object: KubeObject, kind: string): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.kind === kind);
}
