import type { Resource } from '../api/kube.ts';
import { gateway } from './gateway/gateway.ts';
import { istio } from './istio/istio.ts';
import { readBy } from './live.ts';
import { linkerd } from './linkerd/linkerd.ts';
import { nginx } from './nginx/nginx.ts';
import type { Provider } from './provider.ts';
import { replicas } from './replicas/replicas.ts';

export type BuiltIn = 'gateway' | 'nginx' | 'istio' | 'linkerd' | 'replicas';

/** The back ends of this version, in order of preference. */
export const PROVIDERS: Record<BuiltIn, Provider> = { gateway, nginx, istio, linkerd, replicas };

/** Every kind that any of them reads: what is watched, listed and granted. */
export const ROUTE_RESOURCES: readonly Resource[] = [
  ...new Set([
    ...Object.values(PROVIDERS).flatMap(({ routeResources }) => routeResources),
    ...Object.values(PROVIDERS).flatMap(readBy),
  ]),
];

export { liveOf, readBy, routesOf, type LiveRoutes } from './live.ts';
export { PRESETS } from './preset-list.ts';
export { trafficVariables } from './variables.ts';
