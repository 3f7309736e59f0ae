import { getObjects, getString } from '../api/json.ts';
import type { KubeObject } from '../api/kube.ts';

/** What serves a route of the Gateway API, where Sluice has to know. */
export type Implementation = 'istio' | 'linkerd' | 'envoy-gateway' | 'other';

/** `status.parents[].controllerName`: a domain and a path. Istio has one name for gateways and one for the mesh. */
const CONTROLLERS: readonly [Implementation, RegExp][] = [
  ['istio', /^istio\.io\//],
  ['linkerd', /^linkerd\.io\//],
  ['envoy-gateway', /^gateway\.envoyproxy\.io\//],
];

/** Everything that has reported on a route, each once; [] before anybody has. */
export function implementationsOf(route: KubeObject): Implementation[] {
  const names = getObjects(route, 'status', 'parents').map(
    (entry) => getString(entry, 'controllerName') ?? '',
  );
  const known = (name: string) => CONTROLLERS.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other';
  return [...new Set(names.map(known))];
}
