import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../api/kube.ts';
import { isDeleting, uidOf } from '../kinds.ts';
import type { Labels, Pod, Service, ServicePort } from '../kinds.ts';
import { controllerReference } from '../ownership.ts';
import { isFinished, isReady } from '../pods.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
const MAX_ENDPOINTS = 100;

export type Endpoint = {
  addresses: string[];
  conditions: { ready: boolean; serving: boolean; terminating: boolean };
  hostname?: string;
  nodeName: string;
  targetRef: { kind: string; namespace: string; name: string; uid: string };
};

export type EndpointPort = { name: string; protocol: string; port: number; appProtocol?: string };

/** A slice without endpoints says `null` in both lists, like the real controller. */
export interface EndpointSlice extends KubeObject {
  addressType: string;
  endpoints: Endpoint[] | null;
  ports: EndpointPort[] | null;
}

export interface SlicePlan {
  create: EndpointSlice[];
  update: EndpointSlice[];
  remove: EndpointSlice[];
}

interface Group {
  ports: EndpointPort[];
  endpoints: Map<string, Endpoint>;
}

/**
 * The writes after which the slices say which of `pods` serve the Service; slices that need no change get
 * none.
 */
export function planSlices(
  service: Service,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
): SlicePlan {
  const groups = groupByPorts(service, pods);
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  for (const slice of existing) {
    const endpoints = takeOver(slice, groups.get(portsKey(slice.ports ?? [])));
    if (endpoints.length === 0) plan.remove.push(slice);
    else keep(plan, service, { ...slice, endpoints }, slice);
  }
  for (const { ports, endpoints } of groups.values()) {
    const rest = [...endpoints.values()];
    for (let at = 0; at < rest.length; at += MAX_ENDPOINTS) {
      plan.create.push(newSlice(service, ports, rest.slice(at, at + MAX_ENDPOINTS)));
    }
  }
  if (plan.create.length === 0 && plan.remove.length === existing.length) usePlaceholder(plan, service);
  return plan;
}

/**
 * Moves endpoints from the group into the slice: first those that it listed before, then new ones while there
 * is room.
 */
function takeOver(slice: EndpointSlice, group: Group | undefined): Endpoint[] {
  if (group === undefined) return [];
  const taken: Endpoint[] = [];
  const listed = (slice.endpoints ?? []).map(({ targetRef }) => targetRef.uid);
  for (const uid of [...listed, ...group.endpoints.keys()]) {
    const endpoint = group.endpoints.get(uid);
    if (endpoint === undefined || taken.length >= MAX_ENDPOINTS) continue;
    taken.push(endpoint);
    group.endpoints.delete(uid);
  }
  return taken;
}

function keep(plan: SlicePlan, service: Service, next: EndpointSlice, before: EndpointSlice): void {
  const wanted = { ...next, metadata: { ...next.metadata, labels: sliceLabels(service) } };
  if (!isDeepStrictEqual(wanted, before)) plan.update.push(wanted);
}

/** A Service without endpoints still has one slice. */
function usePlaceholder(plan: SlicePlan, service: Service): void {
  const [first] = plan.remove;
  if (first === undefined) {
    plan.create.push(newSlice(service, null, null));
    return;
  }
  plan.remove.shift();
  keep(plan, service, { ...first, endpoints: null, ports: null }, first);
}

function newSlice(
  service: Service,
  ports: EndpointPort[] | null,
  endpoints: Endpoint[] | null,
): EndpointSlice {
  const { name, namespace } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '',
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: sliceLabels(service),
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints,
    ports,
  };
}

function sliceLabels(service: Service): Labels {
  return {
    ...service.metadata.labels,
    ...(service.spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: MANAGER,
  };
}

/** Pods that give a named port different numbers go to different slices. */
function groupByPorts(service: Service, pods: readonly Pod[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    const endpoint = endpointOf(service, pod);
    if (endpoint === undefined) continue;
    const ports = (service.spec.ports ?? []).flatMap((port) => endpointPort(port, pod) ?? []);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: new Map<string, Endpoint>() };
    group.endpoints.set(uidOf(pod), endpoint);
    groups.set(key, group);
  }
  return groups;
}

function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map((port) => `${port.name}/${port.protocol}/${port.port}/${port.appProtocol ?? ''}`)
    .sort()
    .join(',');
}

function endpointOf(service: Service, pod: Pod): Endpoint | undefined {
  const ip = pod.status?.podIP ?? '';
  if (ip === '' || isFinished(pod)) return undefined;
  const serving = isReady(pod);
  const terminating = isDeleting(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { hostname, subdomain, nodeName } = pod.spec;
  const { namespace, name } = pod.metadata;
  return {
    addresses: [ip],
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
    nodeName: nodeName ?? '',
    targetRef: { kind: 'Pod', namespace: namespace ?? '', name, uid: uidOf(pod) },
  };
}

/** undefined: the pod has no port of that name. */
function endpointPort(port: ServicePort, pod: Pod): EndpointPort | undefined {
  const protocol = port.protocol ?? 'TCP';
  const target = port.targetPort ?? port.port;
  const number =
    typeof target === 'number'
      ? target
      : pod.spec.containers
          .flatMap(({ ports }) => ports ?? [])
          .find((candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === protocol)
          ?.containerPort;
  if (number === undefined) return undefined;
  const { appProtocol } = port;
  return {
    name: port.name ?? '',
    protocol,
    port: number,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  };
}
