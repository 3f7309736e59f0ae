import type { KubeObject } from '../../api/kube.ts';

/**
 * Why counts of requests say nothing about a route with sessions, by the annotation of the controller that
 * reads it.
 */
export const sessionsStay = ({ kind, metadata }: KubeObject): string | undefined =>
  Object.keys(metadata.annotations ?? {}).some((name) => name.endsWith('/affinity'))
    ? `${kind} ${metadata.name} keeps each session on the pod where it began, so requests are not split one by one`
    : undefined;
