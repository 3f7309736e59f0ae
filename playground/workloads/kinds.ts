import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject, Json } from '../../lib/json.ts';
import type { Condition } from './conditions.ts';

/** Typed views of objects that the API server has validated and defaulted. Other fields are kept. */
export type Labels = Record<string, string>;
export type IntOrPercent = number | string;

export type LabelSelector = {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};

export type PodTemplate = {
  metadata?: { labels?: Labels; annotations?: Labels; finalizers?: string[] };
  spec: JsonObject;
};

export type DeploymentSpec = {
  replicas: number;
  paused?: boolean;
  selector: LabelSelector;
  template: PodTemplate;
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
  progressDeadlineSeconds?: number;
  strategy?: { type?: string; rollingUpdate?: { maxSurge?: IntOrPercent; maxUnavailable?: IntOrPercent } };
};

export type ReplicaCounts = {
  observedGeneration?: number;
  replicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  conditions?: Condition[];
};

export type DeploymentStatus = ReplicaCounts & {
  updatedReplicas?: number;
  unavailableReplicas?: number;
  collisionCount?: number;
};

export interface Deployment extends KubeObject {
  spec: DeploymentSpec;
  status?: DeploymentStatus;
}

export type ReplicaSetSpec = {
  replicas: number;
  selector: LabelSelector;
  template: PodTemplate;
  minReadySeconds?: number;
};

export type ReplicaSetStatus = ReplicaCounts & { fullyLabeledReplicas?: number };

export interface ReplicaSet extends KubeObject {
  spec: ReplicaSetSpec;
  status?: ReplicaSetStatus;
}

export type ContainerPort = { name?: string; containerPort: number; protocol?: string };
export type Container = { name: string; image?: string; ports?: ContainerPort[] };

export interface Pod extends KubeObject {
  spec: {
    containers: Container[];
    nodeName?: string;
    nodeSelector?: Labels;
    terminationGracePeriodSeconds?: number;
    hostname?: string;
    subdomain?: string;
  };
  status?: PodStatus;
}

export type PodStatus = {
  phase?: string;
  podIP?: string;
  podIPs?: { ip: string }[];
  startTime?: string;
  conditions?: Condition[];
  containerStatuses?: ContainerStatus[];
  [field: string]: Json | undefined;
};

export type ContainerStatus = {
  name: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  image: string;
  imageID: string;
  state: JsonObject;
  lastState: JsonObject;
};

export type ServicePort = {
  name?: string;
  protocol?: string;
  appProtocol?: string;
  port: number;
  targetPort?: number | string;
};

export interface Service extends KubeObject {
  spec: {
    type?: string;
    clusterIP?: string;
    selector?: Labels;
    ports?: ServicePort[];
    publishNotReadyAddresses?: boolean;
  };
}

export const DEPLOYMENTS = 'deployments.apps';
export const REPLICA_SETS = 'replicasets.apps';
export const PODS = 'pods';
export const SERVICES = 'services';
export const ENDPOINT_SLICES = 'endpointslices.discovery.k8s.io';
export const NAMESPACES = 'namespaces';
export const NODES = 'nodes';
export const DISRUPTION_BUDGETS = 'poddisruptionbudgets.policy';

/** "namespace/name", or "/name" for a cluster-scoped object. */
export type Key = string;

export function keyOf(object: KubeObject): Key {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

export function splitKey(key: Key): { namespace: string; name: string } {
  const at = key.indexOf('/');
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}

export function uidOf(object: KubeObject): string {
  return object.metadata.uid ?? '';
}

export function isDeleting(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function generationOf(object: KubeObject): number {
  return object.metadata.generation ?? 0;
}

/** Oldest first; objects created in the same second in order of their names. */
export function byCreation(a: KubeObject, b: KubeObject): number {
  const [x, y] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (x !== y) return x < y ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
