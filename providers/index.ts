import { gateway } from './gateway/gateway.ts';
import { istio } from './istio/istio.ts';
import { linkerd } from './linkerd/linkerd.ts';
import { nginx } from './nginx/nginx.ts';
import type { Provider } from './provider.ts';
import { replicas } from './replicas/replicas.ts';

export type BuiltIn = 'gateway' | 'nginx' | 'istio' | 'linkerd' | 'replicas';

/** The back ends of this version, in order of preference; one by pods is used only where it is named. */
export const PROVIDERS: Record<BuiltIn, Provider> = { gateway, nginx, istio, linkerd, replicas };

export { liveOf, routesOf, ROUTE_KINDS, type LiveRoutes } from './live.ts';
export { reached } from './replicas/replicas.ts';
export { PRESETS } from './preset-list.ts';
export { trafficVariables } from './variables.ts';
