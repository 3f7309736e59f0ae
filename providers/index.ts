import { gateway } from './gateway.ts';
import { istio } from './istio.ts';
import { linkerd } from './linkerd.ts';
import { nginx } from './nginx.ts';
import type { Provider } from './provider.ts';
import { replicas } from './replicas.ts';

export type BuiltIn = 'gateway' | 'nginx' | 'istio' | 'linkerd' | 'replicas';

/** The back ends of this version, in order of preference; one by pods is used only where it is named. */
export const PROVIDERS: Record<BuiltIn, Provider> = { gateway, nginx, istio, linkerd, replicas };

export { liveOf, routesOf, ROUTE_KINDS, type LiveRoutes } from './live.ts';
export { reached } from './replicas.ts';
export { PRESETS } from './preset-list.ts';
export { trafficVariables } from './variables.ts';
