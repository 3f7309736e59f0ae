import type { Resource } from '../../api/kube.ts';

const GROUP = 'admissionregistration.k8s.io';

/** The kinds of admission policies. Kubernetes 1.34 and 1.35 can serve v1beta1 of the mutating ones. */
export function admissionResource(kind: string, version: string): Resource {
  const plural = kind.toLowerCase().replace(/y$/, 'ie') + 's';
  return { group: GROUP, version, plural, kind, namespaced: false };
}

export const VERSIONS = ['v1', 'v1beta1'] as const;
