import type { KubeObject, Resource } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';

/**
 * What is looked at before a release begins, and only then. Any may be absent, or not ours to read: then it is not
 * judged, because without them a release goes wrong visibly and harms nobody.
 */
export const CONSIDERED: readonly Resource[] = [
  RESOURCES.resourceQuotas,
  RESOURCES.persistentVolumeClaims,
  RESOURCES.horizontalPodAutoscalers,
  RESOURCES.scaledObjects,
];

/** Those of one kind. */
export const ofKind = (objects: readonly KubeObject[], ...resources: Resource[]): KubeObject[] =>
  objects.filter((object) => resources.some(({ kind }) => kind === object.kind));
