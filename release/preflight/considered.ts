import type { KubeObject, Resource } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';

/**
 * The kinds that are checked before a release begins, and only then. Any may be absent, or we may lack the right to
 * read it: then it is not judged, because a release that it breaks fails visibly and without harm.
 */
export const CONSIDERED: readonly Resource[] = [
  RESOURCES.resourceQuotas,
  RESOURCES.persistentVolumeClaims,
  RESOURCES.horizontalPodAutoscalers,
  RESOURCES.scaledObjects,
];

/** The objects of these kinds. */
export const ofKind = (objects: readonly KubeObject[], ...resources: Resource[]): KubeObject[] =>
  objects.filter((object) => resources.some(({ kind }) => kind === object.kind));
