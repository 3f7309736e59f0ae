import type { KubeObject } from '../../../api/kube.ts';
import type { Backends } from '../proxy/backends.ts';
import { grpcEntries } from './grpcroute-routing.ts';
import { httpEntries } from './httproute-routing.ts';
import type { EntriesOf, Entry } from './route-entries.ts';
import type { Random } from '../../../lib/random.ts';
import { servedHosts } from './route-status.ts';
import { fullName, hostRank, meshHost, toService } from './routing.ts';
import type { Routed, RoutedRequest, ServiceLabels } from './routing.ts';

export interface Routes {
  http: readonly KubeObject[];
  grpc: readonly KubeObject[];
  gateways: readonly KubeObject[];
}

/**
 * Routes by HTTPRoutes and GRPCRoutes: the most specific match of all routes wins; if several are equal, the
 * oldest route wins. Routes of a Service (mesh) apply to requests to its name; requests to a Service without
 * a route go to that Service.
 */
export class RouteTable {
  /** gRPC calls are matched with GRPCRoutes first */
  private readonly entries: Entry[];
  private readonly backends: Backends;

  constructor({ http, grpc, gateways }: Routes, backends: Backends) {
    this.backends = backends;
    const sorted = (routes: readonly KubeObject[], entriesOf: EntriesOf): Entry[] =>
      routes
        .toSorted(byAge)
        .flatMap((route) => entriesOf(route, servedHosts(route, gateways, backends), backends))
        .toSorted((a, b) => compare(b.rank, a.rank));
    this.entries = [...sorted(grpc, grpcEntries), ...sorted(http, httpEntries)];
  }

  /** Clusters of Envoy to which requests may be sent. */
  clusters(): ReadonlySet<string> {
    return new Set(this.entries.flatMap(({ rule }) => rule.clusters));
  }

  route(request: RoutedRequest, random: Random): Routed<ServiceLabels> {
    const service = meshHost(request.host);
    const host = service === undefined ? request.host : fullName(service);
    const best = Math.max(...this.entries.map(({ hostname }) => hostRank(hostname, host)));
    const found = this.entries.find(
      (entry) => best >= 0 && hostRank(entry.hostname, host) === best && entry.covers(request),
    );
    if (found !== undefined)
      return found.rule.send({ request, prefix: found.prefix, port: found.port }, random);
    if (service !== undefined && best < 0) return toService(this.backends, service);
    return { status: 404, why: 'no HTTPRoute or GRPCRoute matches' };
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

/** Oldest first, then by name. */
function byAge(a: KubeObject, b: KubeObject): number {
  const key = ({ metadata }: KubeObject): string =>
    `${metadata.creationTimestamp ?? ''} ${metadata.namespace ?? ''}/${metadata.name}`;
  return key(a).localeCompare(key(b));
}
