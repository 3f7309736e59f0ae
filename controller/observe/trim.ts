import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';

/** managedFields make up half of an object, and nothing needs them here. */
export function withoutManagers(object: KubeObject): KubeObject {
  const metadata = { ...object.metadata };
  delete metadata.managedFields;
  return { ...object, metadata };
}

/** A wide watch returns many objects: keeps only the fields that find targets. */
export function trim(object: KubeObject): KubeObject {
  const { namespace, name, uid, resourceVersion, labels, annotations, ownerReferences } = object.metadata;
  const policy = annotations?.[ANNOTATION.policy];
  const kept = {
    namespace,
    name,
    uid,
    resourceVersion,
    labels,
    ownerReferences,
    annotations: policy === undefined ? undefined : { [ANNOTATION.policy]: policy },
  };
  const metadata = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  return { apiVersion: object.apiVersion, kind: object.kind, metadata: { ...metadata, name } };
}
