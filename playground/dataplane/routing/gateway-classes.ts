import type { KubeObject } from '../../../api/kube.ts';

/**
 * The implementations that the playground can act for, with their names in the status of routes. Istio has
 * one name for gateways and one for the mesh.
 */
export const CONTROLLERS = {
  istio: 'istio.io/gateway-controller',
  mesh: 'istio.io/mesh-controller',
  envoyGateway: 'gateway.envoyproxy.io/gatewayclass-controller',
} as const;

export type Controller = (typeof CONTROLLERS)[keyof typeof CONTROLLERS];

/** The class that Envoy Gateway's own guides use. */
const ENVOY_GATEWAY = 'eg';

/** The controller of a Gateway: Envoy Gateway for the class `eg`, Istio for any other. */
export const controllerOf = (gateway: KubeObject | undefined): Controller =>
  gateway?.spec?.['gatewayClassName'] === ENVOY_GATEWAY ? CONTROLLERS.envoyGateway : CONTROLLERS.istio;
