import type { KubeObject, Resource } from '../api/kube.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Provider } from './provider.ts';

/** Live objects of one namespace, of every kind that a provider reads; a kind the server does not have is []. */
export interface LiveRoutes {
  ingresses: readonly KubeObject[];
  httpRoutes: readonly KubeObject[];
  grpcRoutes: readonly KubeObject[];
  virtualServices: readonly KubeObject[];
  trafficSplits: readonly KubeObject[];
  serviceProfiles: readonly KubeObject[];
}

export type RouteKind = keyof LiveRoutes;

/** All of them, as RESOURCES names them. */
export const ROUTE_KINDS = [
  'ingresses',
  'httpRoutes',
  'grpcRoutes',
  'virtualServices',
  'trafficSplits',
  'serviceProfiles',
] as const satisfies readonly RouteKind[];

/** All objects of the kinds a provider splits, the users' and our own. */
export const routesOf = ({ routeResources }: Provider, live: LiveRoutes): KubeObject[] =>
  routeResources.flatMap((resource) => liveOf(resource, live));

/** The objects of one kind that a provider names. */
export function liveOf(resource: Resource, live: LiveRoutes): readonly KubeObject[] {
  const kind = ROUTE_KINDS.find((each) => RESOURCES[each].plural === resource.plural);
  return kind === undefined ? [] : live[kind];
}
