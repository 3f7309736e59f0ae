import type { Resource } from './kube.ts';

function resource(group: string, version: string, plural: string, kind: string): Resource {
  return { group, version, plural, kind, namespaced: true };
}

function istio(group: string, plural: string, kind: string) {
  return { ...resource(`${group}.istio.io`, 'v1', plural, kind), otherVersions: ['v1beta1'] };
}

/** Every kind Sluice reads or writes. */
export const RESOURCES = {
  deployments: resource('apps', 'v1', 'deployments', 'Deployment'),
  replicaSets: resource('apps', 'v1', 'replicasets', 'ReplicaSet'),
  pods: resource('', 'v1', 'pods', 'Pod'),
  services: resource('', 'v1', 'services', 'Service'),
  secrets: resource('', 'v1', 'secrets', 'Secret'),
  events: resource('', 'v1', 'events', 'Event'),
  leases: resource('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  ingresses: resource('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  ingressClasses: {
    ...resource('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass'),
    namespaced: false,
  },
  httpRoutes: resource('gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute'),
  grpcRoutes: resource('gateway.networking.k8s.io', 'v1', 'grpcroutes', 'GRPCRoute'),
  virtualServices: {
    ...resource('networking.istio.io', 'v1', 'virtualservices', 'VirtualService'),
    otherVersions: ['v1beta1'],
  },
  trafficSplits: {
    ...resource('split.smi-spec.io', 'v1alpha1', 'trafficsplits', 'TrafficSplit'),
    otherVersions: ['v1alpha2', 'v1alpha4', 'v1alpha3'],
  },
  serviceProfiles: resource('linkerd.io', 'v1alpha2', 'serviceprofiles', 'ServiceProfile'),
  networkPolicies: resource('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'),
  podDisruptionBudgets: resource('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  authorizationPolicies: istio('security', 'authorizationpolicies', 'AuthorizationPolicy'),
  peerAuthentications: istio('security', 'peerauthentications', 'PeerAuthentication'),
  requestAuthentications: istio('security', 'requestauthentications', 'RequestAuthentication'),
  destinationRules: istio('networking', 'destinationrules', 'DestinationRule'),
  sidecars: istio('networking', 'sidecars', 'Sidecar'),
  envoyFilters: resource('networking.istio.io', 'v1alpha3', 'envoyfilters', 'EnvoyFilter'),
  telemetries: { ...istio('telemetry', 'telemetries', 'Telemetry'), otherVersions: ['v1alpha1'] },
  wasmPlugins: resource('extensions.istio.io', 'v1alpha1', 'wasmplugins', 'WasmPlugin'),
  backendTlsPolicies: {
    ...resource('gateway.networking.k8s.io', 'v1', 'backendtlspolicies', 'BackendTLSPolicy'),
    otherVersions: ['v1alpha3'],
  },
  referenceGrants: {
    ...resource('gateway.networking.k8s.io', 'v1beta1', 'referencegrants', 'ReferenceGrant'),
    otherVersions: ['v1'],
  },
  backendTrafficPolicies: resource(
    'gateway.networking.x-k8s.io',
    'v1alpha1',
    'xbackendtrafficpolicies',
    'XBackendTrafficPolicy',
  ),
  gcpBackendPolicies: resource('networking.gke.io', 'v1', 'gcpbackendpolicies', 'GCPBackendPolicy'),
  healthCheckPolicies: resource('networking.gke.io', 'v1', 'healthcheckpolicies', 'HealthCheckPolicy'),
  podMonitors: resource('monitoring.coreos.com', 'v1', 'podmonitors', 'PodMonitor'),
  serviceMonitors: resource('monitoring.coreos.com', 'v1', 'servicemonitors', 'ServiceMonitor'),
  ciliumNetworkPolicies: resource('cilium.io', 'v2', 'ciliumnetworkpolicies', 'CiliumNetworkPolicy'),
  resourceQuotas: resource('', 'v1', 'resourcequotas', 'ResourceQuota'),
  persistentVolumeClaims: resource('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  horizontalPodAutoscalers: resource(
    'autoscaling',
    'v2',
    'horizontalpodautoscalers',
    'HorizontalPodAutoscaler',
  ),
  scaledObjects: resource('keda.sh', 'v1alpha1', 'scaledobjects', 'ScaledObject'),
  releases: resource('sluice.dev', 'v1alpha1', 'releases', 'Release'),
  releasePolicies: resource('sluice.dev', 'v1alpha1', 'releasepolicies', 'ReleasePolicy'),
  analysisTemplates: resource('sluice.dev', 'v1alpha1', 'analysistemplates', 'AnalysisTemplate'),
} as const satisfies Record<string, Resource>;

/** "v1" or "apps/v1". */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}
