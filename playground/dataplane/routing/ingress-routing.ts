import type { KubeObject } from '../../../api/kube.ts';
import type { Backends } from '../proxy/backends.ts';
import { isOurs } from './ingress-annotations.ts';
import { goesToCanary, sessionOf } from './ingress-balancer.ts';
import { IngressUpstreams, type Location, type Upstream } from './ingress-upstreams.ts';
import type { Random } from '../../../lib/random.ts';
import { hostRank, prefixCovers } from './routing.ts';
import type { Routed, RoutedRequest } from './routing.ts';

/** Labels of nginx_ingress_controller_*: always the main location's; only `canary` tells the arms apart. */
export interface IngressLabels {
  namespace: string;
  ingress: string;
  service: string;
  canary: string;
  host: string;
  path: string;
}

/** Routes like ingress-nginx. */
export class IngressTable {
  private readonly upstreams: IngressUpstreams;
  private readonly locations: Location[];

  constructor(ingresses: KubeObject[], backends: Backends) {
    this.upstreams = new IngressUpstreams(ingresses.filter(isOurs), backends);
    this.locations = this.upstreams.locations.toSorted((a, b) => rank(b) - rank(a));
  }

  route(request: RoutedRequest, random: Random): Routed<IngressLabels> {
    const host = Math.max(...this.locations.map((location) => hostRank(location.host, request.host)));
    const location = this.locations.find(
      (one) => hostRank(one.host, request.host) === host && host >= 0 && covers(one, request.path),
    );
    const stable = location === undefined ? undefined : this.upstreams.get(location.upstream);
    if (location === undefined || stable === undefined) return { status: 404, why: 'no Ingress matches' };
    const labels = labelsOf(location);
    // like nginx: without a stable endpoint there is no balancer, even if the canary could answer
    if (stable.endpoints.length === 0) return { status: 503, why: `no endpoint for ${stable.id}`, labels };
    const canary = this.canaryOf(stable);
    const taken = canary !== undefined && goesToCanary({ stable, canary }, request, random) ? canary : stable;
    const { to, edit } = sessionOf({ upstream: taken, location }, request, random);
    return {
      to,
      labels: { ...labels, canary: taken === canary ? canary.id : '' },
      ...(edit === undefined ? {} : { edits: { request: [], response: [edit] } }),
    };
  }

  /** Without a ready endpoint there is no canary, and nothing reports it. */
  private canaryOf(stable: Upstream): Upstream | undefined {
    const canary = this.upstreams.get(stable.alternatives[0] ?? '');
    return canary?.endpoints.length === 0 ? undefined : canary;
  }
}

function labelsOf({ ingress, service, host, path }: Location): IngressLabels {
  const { namespace = '', name } = ingress.metadata;
  return { namespace, ingress: name, service, canary: '', host, path };
}

/** Exact before prefix, longer before shorter. */
function rank(location: Location): number {
  return (location.pathType === 'Exact' ? 10_000 : 0) + location.path.length;
}

function covers(location: Location, path: string): boolean {
  if (location.pathType === 'Exact') return path === location.path;
  if (location.pathType === 'Prefix') return prefixCovers(location.path, path);
  return path.startsWith(location.path);
}
