import type { KubeObject } from '../../../api/kube.ts';
import type { Backends } from '../proxy/backends.ts';
import { draw } from '../load/random.ts';
import type { Random } from '../../../lib/random.ts';
import { meshHost, toService } from './routing.ts';
import type { Routed, RoutedRequest, ServiceLabels } from './routing.ts';

interface Leaf extends ServiceLabels {
  weight: number;
}

/**
 * Routes like Linkerd's client proxies: a request for a Service goes to one of the leaves in its
 * ServiceProfile's overrides. Leaves without a ready endpoint are skipped, and their share goes to the
 * others.
 */
export class ProfileTable {
  private readonly profiles: Map<string, Leaf[]>;
  private readonly backends: Backends;

  constructor(profiles: KubeObject[], backends: Backends) {
    this.backends = backends;
    this.profiles = new Map(profiles.map((profile) => [profile.metadata.name, leavesOf(profile)]));
  }

  route(request: RoutedRequest, random: Random): Routed<ServiceLabels> {
    const apex = meshHost(request.host);
    if (apex === undefined) return { status: 404, why: `${request.host} is not a Service of the mesh` };
    const leaves = this.profiles.get(`${apex.service}.${apex.namespace}.svc.cluster.local`) ?? [];
    // A single leaf gets everything, whatever its weight.
    if (leaves.length < 2) return toService(this.backends, leaves[0] ?? apex);
    const ready = leaves.filter((leaf) => leaf.weight > 0 && 'to' in toService(this.backends, leaf));
    if (ready.length === 0)
      return { status: 503, why: 'no leaf with a weight has an endpoint', labels: apex };
    const leaf =
      ready[
        draw(
          random,
          ready.map(({ weight }) => weight),
        )
      ];
    return toService(this.backends, leaf ?? apex);
  }
}

function leavesOf(profile: KubeObject): Leaf[] {
  const overrides = (profile.spec?.['dstOverrides'] ?? []) as {
    authority: string;
    weight: string | number;
  }[];
  return overrides.flatMap(({ authority, weight }) => {
    const service = meshHost(authority);
    return service === undefined ? [] : [{ ...service, weight: Number(weight) }];
  });
}
