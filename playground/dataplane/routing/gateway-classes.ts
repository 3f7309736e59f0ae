import type { KubeObject } from '../../../api/kube.ts';

/** Whom the playground can act for, as each calls itself in the status of routes. Istio has one name for gateways and one for the mesh. */
export const CONTROLLERS = {
  istio: 'istio.io/gateway-controller',
  mesh: 'istio.io/mesh-controller',
  envoyGateway: 'gateway.envoyproxy.io/gatewayclass-controller',
} as const;

export type Controller = (typeof CONTROLLERS)[keyof typeof CONTROLLERS];

/** The class that Envoy Gateway's own guides use. */
const ENVOY_GATEWAY = 'eg';

/** Who serves a Gateway: of the class `eg` Envoy Gateway, of any other Istio. */
export const controllerOf = (gateway: KubeObject | undefined): Controller =>
  gateway?.spec?.['gatewayClassName'] === ENVOY_GATEWAY ? CONTROLLERS.envoyGateway : CONTROLLERS.istio;
