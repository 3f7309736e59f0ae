import type { Kind, KindVersion } from './kind.ts';
import { deployments } from '../strategies/deployments.ts';
import { replicasets } from '../strategies/replicasets.ts';
import { daemonsets, jobs, statefulsets } from '../strategies/other-workloads.ts';
import { pods } from '../strategies/pods.ts';
import { services } from '../strategies/services.ts';
import { configmaps, secrets, serviceaccounts } from '../strategies/config.ts';
import { namespaces } from '../strategies/namespaces.ts';
import {
  endpoints,
  endpointslices,
  ingressclasses,
  ingresses,
  networkpolicies,
} from '../strategies/networking.ts';
import { leases } from '../strategies/coordination.ts';
import { nodes } from '../strategies/nodes.ts';
import { poddisruptionbudgets } from '../strategies/policy.ts';
import { horizontalpodautoscalers } from '../strategies/autoscaling.ts';
import { events, newEvents } from '../strategies/events.ts';
import { customresourcedefinitions } from '../crd/definition.ts';
import { ADMISSION_KINDS } from '../strategies/admission.ts';
import { SIMPLE_KINDS } from '../strategies/simple.ts';

const BUILTIN: Kind[] = [
  ...[configmaps, endpoints, events, namespaces, nodes, pods, secrets, serviceaccounts, services],
  ...[deployments, replicasets, statefulsets, daemonsets, jobs],
  ...[ingresses, ingressclasses, networkpolicies, endpointslices, leases, newEvents],
  ...[poddisruptionbudgets, horizontalpodautoscalers, customresourcedefinitions],
  ...ADMISSION_KINDS,
  ...SIMPLE_KINDS,
];

export interface Served {
  kind: Kind;
  version: KindVersion;
}

/** The kinds that exist: the built-in ones and those defined at run time. */
export class Registry {
  readonly #kinds = new Map<string, Kind>();
  #revision = 0;

  constructor() {
    for (const kind of BUILTIN) this.add(kind);
  }

  /** rises with every change */
  get revision(): number {
    return this.#revision;
  }

  add(kind: Kind): void {
    this.#revision++;
    this.#kinds.set(`${kind.plural}.${kind.group}`, kind);
  }

  remove(kind: Kind): void {
    this.#revision++;
    this.#kinds.delete(`${kind.plural}.${kind.group}`);
  }

  all(): Kind[] {
    return [...this.#kinds.values()];
  }

  find(group: string, plural: string): Kind | undefined {
    return this.#kinds.get(`${plural}.${group}`);
  }

  /** "pods" or "deployments.apps" */
  byResource(resource: string): Kind | undefined {
    const dot = resource.indexOf('.');
    return dot < 0 ? this.find('', resource) : this.find(resource.slice(dot + 1), resource.slice(0, dot));
  }

  served(group: string, version: string, plural: string): Served | undefined {
    const kind = this.find(group, plural);
    const found = kind?.versions.find((candidate) => candidate.name === version);
    return kind && found ? { kind, version: found } : undefined;
  }
}
