import { gateway } from './gateway.ts';
import { istio } from './istio.ts';
import { linkerd } from './linkerd.ts';
import { nginx } from './nginx.ts';
import type { Provider } from './provider.ts';

export type BuiltIn = 'gateway' | 'nginx' | 'istio' | 'linkerd';

/** The back ends of this version, in order of preference. */
export const PROVIDERS: Record<BuiltIn, Provider> = { gateway, nginx, istio, linkerd };

export { liveOf, routesOf, ROUTE_KINDS, type LiveRoutes } from './live.ts';
export { trafficVariables } from './variables.ts';
