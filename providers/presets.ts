import type { ErrorRatePreset } from './provider.ts';

/*
 * Presets are plain instant selectors of cumulative counters; the measurer reads raw samples over a window and takes
 * the differences itself, series by series. Variables (values from providers/variables.ts):
 *   namespace      namespace of target, Services and routes
 *   stableService  name of the stable Service
 *   canaryService  name of the canary Service
 *   ingressRegex   RE2 alternation of the names of the user's Ingresses in scope
 *   portRegex      RE2 alternation of the ports (number or name) by which they reach the Service
 * Variables that end in Regex are already escaped for RE2 and need only the escaping of a PromQL string.
 */

/** All labels but `canary` are those of the user's Ingress, for canary requests too. The canary's is its upstream's name. */
const NGINX =
  'nginx_ingress_controller_requests{namespace="{{namespace}}",ingress=~"{{ingressRegex}}",service="{{stableService}}"';
const NGINX_CANARY = `${NGINX},canary=~"{{namespace}}-{{canaryService}}-({{portRegex}})"`;
const NGINX_STABLE = `${NGINX},canary=""`;

export const nginxErrorRate: ErrorRatePreset = {
  name: 'nginx-error-rate',
  canary: { bad: `${NGINX_CANARY},status=~"5.."}`, total: `${NGINX_CANARY}}` },
  stable: { bad: `${NGINX_STABLE},status=~"5.."}`, total: `${NGINX_STABLE}}` },
};

/** As the client's proxy counts: requests that never reach a pod are in it. Reporters are never mixed with `destination`. */
const istio = (service: string) =>
  `istio_requests_total{reporter=~"source|waypoint",destination_service="{{${service}}}.{{namespace}}.svc.cluster.local"`;

export const istioErrorRate: ErrorRatePreset = {
  name: 'istio-error-rate',
  canary: { bad: `${istio('canaryService')},response_code=~"5.."}`, total: `${istio('canaryService')}}` },
  stable: { bad: `${istio('stableService')},response_code=~"5.."}`, total: `${istio('stableService')}}` },
};
