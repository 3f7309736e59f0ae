import type { KubeObject } from '../../../api/kube.ts';
import type { Backends, Endpoint } from '../proxy/backends.ts';
import { affinityOf, annotation, isCanary, shapingOf } from './ingress-annotations.ts';
import type { Affinity, Shaping } from './ingress-annotations.ts';

/** A Service port as an Ingress writes it: the same port by name and by number makes two upstreams. */
export interface Upstream {
  id: string;
  endpoints: readonly Endpoint[];
  /** a canary Ingress named it first: no location of a normal Ingress may lead to it */
  noServer: boolean;
  /** undefined, and so weight 0, if a normal Ingress named it first */
  shaping?: Shaping;
  affinity?: Affinity;
  /** only the first is used */
  alternatives: string[];
}

export interface Location {
  host: string;
  path: string;
  pathType: string;
  ingress: KubeObject;
  service: string;
  upstream: string;
}

interface RawBackend {
  service?: { name: string; port?: { number?: number; name?: string } };
}

interface RawRule {
  host?: string;
  http?: { paths?: { path?: string; pathType?: string; backend: RawBackend }[] };
}

interface Path extends Location {
  port: number | string;
}

/**
 * Builds what ingress-nginx builds from the Ingresses of its class, in its order: upstreams, then locations;
 * then each canary is attached to the upstream of the location with the same host, path and path type.
 * Default backends are left out.
 */
export class IngressUpstreams {
  readonly locations: Location[] = [];
  private readonly upstreams = new Map<string, Upstream>();
  /** of normal Ingresses */
  private readonly hosts: ReadonlySet<string>;
  private readonly backends: Backends;

  constructor(ingresses: readonly KubeObject[], backends: Backends) {
    this.backends = backends;
    const sorted = ingresses.toSorted(byAge);
    const normal = sorted.filter((ingress) => !isCanary(ingress));
    this.hosts = new Set(['', ...normal.flatMap(pathsOf).map(({ host }) => host)]);
    for (const ingress of sorted) for (const path of pathsOf(ingress)) this.addUpstream(path);
    for (const ingress of sorted) for (const path of pathsOf(ingress)) this.addLocation(path);
    for (const ingress of sorted.filter(isCanary)) {
      for (const path of pathsOf(ingress)) this.hang(path, annotation(ingress, 'affinity-canary-behavior'));
    }
  }

  get(id: string): Upstream | undefined {
    return this.upstreams.get(id);
  }

  /** The first Ingress that names a Service port decides about its upstream. */
  private addUpstream({ ingress, service, port, upstream: id }: Path): void {
    if (this.upstreams.has(id)) return;
    const endpoints = this.backends.endpoints(ingress.metadata.namespace ?? '', service, port) ?? [];
    const canary = isCanary(ingress);
    const shaping = canary ? { shaping: shapingOf(ingress) } : {};
    this.upstreams.set(id, { id, endpoints, noServer: canary, alternatives: [], ...shaping });
  }

  /** The first Ingress with a place owns it. */
  private addLocation(path: Path): void {
    const upstream = this.upstreams.get(path.upstream);
    if (upstream === undefined || upstream.noServer) return;
    const place = { ...path, path: path.path || '/' };
    if (!this.locations.some((other) => isSamePlace(other, place))) this.locations.push(place);
    const affinity = affinityOf(path.ingress);
    if (affinity !== undefined) upstream.affinity = affinity;
  }

  /** One path without a counterpart removes the canary's whole upstream, and so its whole split. */
  private hang(path: Path, behavior: string): void {
    const canary = this.upstreams.get(path.upstream);
    if (canary === undefined || !this.hosts.has(path.host)) return;
    const server = this.locations.filter(({ host }) => host === path.host);
    const itself = server.findIndex(({ upstream }) => upstream === canary.id);
    const mains = server
      .slice(0, itself === -1 ? undefined : itself)
      .filter((location) => isSamePlace(location, path))
      .flatMap(({ upstream }) => this.upstreams.get(upstream) ?? []);
    for (const main of mains) {
      if (main.alternatives.includes(canary.id)) continue;
      main.alternatives.push(canary.id);
      if (behavior !== 'legacy' && main.affinity !== undefined) canary.affinity = main.affinity;
    }
    if (itself === -1 && mains.length === 0) this.upstreams.delete(canary.id);
  }
}

const isSamePlace = (a: Location, b: Location): boolean =>
  a.host === b.host && a.path === b.path && a.pathType === b.pathType;

function pathsOf(ingress: KubeObject): Path[] {
  const rules = (ingress.spec?.['rules'] ?? []) as unknown as RawRule[];
  return rules.flatMap((rule) =>
    (rule.http?.paths ?? []).flatMap((path): Path[] => {
      const { service } = path.backend;
      const port = service?.port?.name ?? service?.port?.number;
      if (service === undefined || port === undefined) return [];
      return [
        {
          host: rule.host ?? '',
          path: path.path ?? '',
          pathType: path.pathType ?? 'ImplementationSpecific',
          ingress,
          service: service.name,
          port,
          upstream: `${ingress.metadata.namespace ?? ''}-${service.name}-${port}`,
        },
      ];
    }),
  );
}

/** Oldest first; if the age is equal, those later in the alphabet first. */
function byAge({ metadata: a }: KubeObject, { metadata: b }: KubeObject): number {
  const age = (a.creationTimestamp ?? '').localeCompare(b.creationTimestamp ?? '');
  const nameOf = ({ namespace, name }: KubeObject['metadata']) => `${namespace ?? ''}/${name}`;
  return age || nameOf(b).localeCompare(nameOf(a));
}
