import type { KubeObject } from '../../../api/kube.ts';

/** One address to which a request can go. */
export interface Endpoint {
  host: string;
  port: number;
  /** name of the pod behind it */
  pod?: string;
}

interface ServicePort {
  name?: string;
  port: number;
}

interface SliceEndpoint {
  addresses?: string[];
  targetRef?: { name?: string };
  conditions?: { ready?: boolean };
}

interface SlicePort {
  name?: string;
  port?: number;
}

const SERVICE_NAME = 'kubernetes.io/service-name';

/** Services and their ready endpoints, as the EndpointSlices say. */
export class Backends {
  private readonly services = new Map<string, KubeObject>();
  private readonly slices = new Map<string, KubeObject[]>();

  constructor(services: KubeObject[], slices: KubeObject[]) {
    for (const service of services) {
      this.services.set(`${service.metadata.namespace ?? ''}/${service.metadata.name}`, service);
    }
    for (const slice of slices) {
      const key = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`;
      this.slices.set(key, [...(this.slices.get(key) ?? []), slice]);
    }
  }

  /**
   * `port`: undefined means the first. The result is undefined if there is no such Service, or no such port;
   * [] if no ready endpoint is behind it.
   */
  endpoints(namespace: string, service: string, port: number | string | undefined): Endpoint[] | undefined {
    const key = `${namespace}/${service}`;
    const ports = this.services.get(key)?.spec?.['ports'] as ServicePort[] | undefined;
    const found = ports?.find(
      (candidate) => port === undefined || candidate.port === port || candidate.name === port,
    );
    if (found === undefined) return undefined;
    const portName = found.name ?? '';
    return (this.slices.get(key) ?? []).flatMap((slice) => readyIn(slice, portName));
  }
}

function readyIn(slice: KubeObject, portName: string): Endpoint[] {
  const ports = (slice['ports'] ?? []) as SlicePort[];
  const port = ports.find((candidate) => (candidate.name ?? '') === portName)?.port;
  if (port === undefined) return [];
  const endpoints = (slice['endpoints'] ?? []) as SliceEndpoint[];
  return endpoints
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .flatMap(({ addresses = [], targetRef }) =>
      addresses
        .slice(0, 1)
        .map((host) => ({ host, port, ...(targetRef?.name === undefined ? {} : { pod: targetRef.name }) })),
    );
}
