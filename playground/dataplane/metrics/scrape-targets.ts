import type { KubeObject } from '../../../api/kube.ts';
import { podSpecOf } from '../proxy/pod-spec.ts';

/** One target in the form that Prometheus reads from HTTP service discovery. */
export interface ScrapeTarget {
  targets: string[];
  labels: { namespace: string; pod: string };
}

/** Every pod with an address, with the labels that Kubernetes service discovery gives it after the usual relabelling. */
export function scrapeTargets(pods: readonly KubeObject[]): ScrapeTarget[] {
  return pods.flatMap((pod) => {
    const host = pod.status?.['podIP'];
    if (typeof host !== 'string' || host === '') return [];
    const { namespace = '', name } = pod.metadata;
    return [{ targets: [`${host}:${podSpecOf(pod).port}`], labels: { namespace, pod: name } }];
  });
}
