import type { KubeObject } from '../../../api/kube.ts';
import type { ClusterNames, RawRule } from '../routing/route-rule.ts';
import type { Random } from '../../../lib/random.ts';
import type { Routed, RoutedRequest, ServiceLabels } from '../routing/routing.ts';

/**
 * All references of a rule share its cluster, unless one that gets requests has a filter: then each has a
 * cluster of its own. That also changes the name of stable's cluster.
 */
export function clusterNames(route: KubeObject, rule: RawRule, index: number): ClusterNames {
  const { namespace = '', name } = route.metadata;
  const whole = `${route.kind.toLowerCase()}/${namespace}/${name}/rule/${index}`;
  const single = (rule.backendRefs ?? []).some(
    ({ weight = 1, filters = [] }) => weight > 0 && filters.length > 0,
  );
  return {
    ref: (j) => (single ? `${whole}/backend/${j}` : whole),
    mirror: (k) => `${whole}-mirror-${k}`,
  };
}

interface Table {
  route(request: RoutedRequest, random: Random): Routed<ServiceLabels>;
}

/**
 * Envoy drops a cluster as soon as the control plane says so, but changes its routes a moment later. Until
 * then requests to a cluster that is gone are answered with 503, and no cluster counts them.
 */
export class Between implements Table {
  private readonly old: Table;
  private readonly clusters: ReadonlySet<string>;

  constructor(old: Table, clusters: ReadonlySet<string>) {
    this.old = old;
    this.clusters = clusters;
  }

  route(request: RoutedRequest, random: Random): Routed<ServiceLabels> {
    const routed = this.old.route(request, random);
    const cluster = routed.labels?.cluster;
    if (cluster === undefined || this.clusters.has(cluster)) return routed;
    return { status: 503, why: `no cluster ${cluster}` };
  }
}
