import type { KubeObject, Resource } from '../api/kube.ts';
import type { Kinds, Provider } from './provider.ts';

/** Live objects of one namespace. */
export interface LiveRoutes {
  /** of every kind that a back end reads; the list has nothing of kinds that the server does not have */
  routes: readonly KubeObject[];
}

/**
 * Every kind that a back end looks at: the users' routes, the objects it makes, and those that may contradict
 * or confirm a split.
 */
export const readBy = ({ routeResources, madeResource, alsoReads = [] }: Kinds): Resource[] => [
  ...routeResources,
  ...(madeResource === undefined ? [] : [madeResource]),
  ...alsoReads,
];

/** All objects of the kinds that a provider splits, the users' and our own. */
export const routesOf = ({ routeResources }: Provider, live: LiveRoutes): KubeObject[] =>
  routeResources.flatMap((resource) => liveOf(resource, live));

/** The objects of one of a provider's kinds. */
export const liveOf = ({ kind, group }: Resource, { routes }: LiveRoutes): KubeObject[] =>
  routes.filter((each) => each.kind === kind && each.apiVersion.startsWith(`${group}/`));
