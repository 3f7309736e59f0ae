import type { Resource } from './kube.ts';

function resource(group: string, version: string, plural: string, kind: string): Resource {
  return { group, version, plural, kind, namespaced: true };
}

/** Every kind Sluice reads or writes. */
export const RESOURCES = {
  deployments: resource('apps', 'v1', 'deployments', 'Deployment'),
  replicaSets: resource('apps', 'v1', 'replicasets', 'ReplicaSet'),
  pods: resource('', 'v1', 'pods', 'Pod'),
  services: resource('', 'v1', 'services', 'Service'),
  events: resource('', 'v1', 'events', 'Event'),
  leases: resource('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  endpointSlices: resource('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
  ingresses: resource('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  httpRoutes: resource('gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute'),
  grpcRoutes: resource('gateway.networking.k8s.io', 'v1', 'grpcroutes', 'GRPCRoute'),
  virtualServices: {
    ...resource('networking.istio.io', 'v1', 'virtualservices', 'VirtualService'),
    otherVersions: ['v1beta1'],
  },
  trafficSplits: {
    ...resource('split.smi-spec.io', 'v1alpha1', 'trafficsplits', 'TrafficSplit'),
    otherVersions: ['v1alpha2'],
  },
  serviceProfiles: resource('linkerd.io', 'v1alpha2', 'serviceprofiles', 'ServiceProfile'),
  releases: resource('sluice.dev', 'v1alpha1', 'releases', 'Release'),
  releasePolicies: resource('sluice.dev', 'v1alpha1', 'releasepolicies', 'ReleasePolicy'),
  analysisTemplates: resource('sluice.dev', 'v1alpha1', 'analysistemplates', 'AnalysisTemplate'),
} as const satisfies Record<string, Resource>;

/** "v1" or "apps/v1". */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
