import type { KubeObject, Resource } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { disruptionBudget } from './budget.ts';
import { attachedPolicy, referenceGrant } from './by-service.ts';
import { byLabels, destinationRule, securityPolicy } from './istio.ts';
import { podMonitor, serviceMonitor } from './monitors.ts';
import { networkPolicy } from './network-policy.ts';
import type { Follow } from './pods.ts';
import { onlyRefused } from './unknown.ts';

/** Every kind whose objects may have to follow the canary, and how they do. All have a `spec`. */
const FOLLOW = {
  networkPolicies: networkPolicy,
  podDisruptionBudgets: disruptionBudget,
  authorizationPolicies: securityPolicy,
  peerAuthentications: securityPolicy,
  requestAuthentications: securityPolicy,
  telemetries: securityPolicy,
  wasmPlugins: securityPolicy,
  sidecars: byLabels('workloadSelector', 'labels'),
  envoyFilters: byLabels('workloadSelector', 'labels'),
  destinationRules: destinationRule,
  backendTlsPolicies: attachedPolicy,
  backendTrafficPolicies: attachedPolicy,
  gcpBackendPolicies: attachedPolicy,
  healthCheckPolicies: attachedPolicy,
  referenceGrants: referenceGrant,
  podMonitors: podMonitor,
  serviceMonitors: serviceMonitor,
  ciliumNetworkPolicies: onlyRefused,
} as const satisfies Partial<Record<keyof typeof RESOURCES, Follow>>;

type Kind = keyof typeof FOLLOW;

const KINDS = Object.keys(FOLLOW) as Kind[];

/** The kinds whose objects a snapshot holds. A cluster may lack any except NetworkPolicy and PodDisruptionBudget. */
export const FOLLOWED: readonly Resource[] = KINDS.map((kind) => RESOURCES[kind]);

/** The resource of an object by its kind, for any version that the server serves. */
export const resourceOf = (object: KubeObject): Resource | undefined =>
  FOLLOWED.find(({ kind, group }) => kind === object.kind && object.apiVersion.startsWith(`${group}/`));

export function followOf(resource: Resource): Follow | undefined {
  const kind = KINDS.find((each) => RESOURCES[each] === resource);
  return kind === undefined ? undefined : FOLLOW[kind];
}

/** Is this kind copied? Objects of the other kinds are refused if they stand in the way. */
export const isCopied = (resource: Resource): boolean => followOf(resource) !== onlyRefused;
