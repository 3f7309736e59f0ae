import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';

/** What serves a route of the Gateway API, as far as Sluice has to know it. */
export type Implementation =
  'istio' | 'linkerd' | 'envoy-gateway' | 'traefik' | 'cilium' | 'contour' | 'kgateway' | 'other';

/** `status.parents[].controllerName`: a domain and a path. Istio has one name for gateways and one for the mesh. */
const CONTROLLERS: readonly [Implementation, RegExp][] = [
  ['istio', /^istio\.io\//],
  ['linkerd', /^linkerd\.io\//],
  ['envoy-gateway', /^gateway\.envoyproxy\.io\//],
  ['traefik', /^traefik\.io\//],
  ['cilium', /^io\.cilium\//],
  ['contour', /^projectcontour\.io\//],
  // kgateway's agentgateway does not use Envoy.
  ['kgateway', /^kgateway\.dev\/kgateway$/],
];

/** Everything that serves a route, each once; [] before any has reported on it. */
export function implementationsOf(route: KubeObject): Implementation[] {
  const known = (name: string) => CONTROLLERS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other';
  return [...new Set(controllersOf(route).map(known))];
}

/**
 * Controllers that accept or reject the route for a parent. Controllers of policies leave entries there as
 * well, without that condition.
 */
export function controllersOf(route: KubeObject): string[] {
  const names = getObjects(route, 'status', 'parents')
    .filter((entry) =>
      getObjects(entry, 'conditions').some((condition) => getString(condition, 'type') === 'Accepted'),
    )
    .map((entry) => getString(entry, 'controllerName') ?? '');
  return [...new Set(names)];
}
