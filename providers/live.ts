import type { KubeObject, Resource } from '../api/kube.ts';
import type { Kinds, Provider } from './provider.ts';

/** Live objects of one namespace. */
export interface LiveRoutes {
  /** of every kind that a back end reads; of a kind that the server does not have there are none */
  routes: readonly KubeObject[];
}

/** Every kind a back end looks at: the users' routes, what it makes, and what may contradict or confirm a split. */
export const readBy = ({ routeResources, madeResource, alsoReads = [] }: Kinds): Resource[] => [
  ...routeResources,
  ...(madeResource === undefined ? [] : [madeResource]),
  ...alsoReads,
];

/** All objects of the kinds a provider splits, the users' and our own. */
export const routesOf = ({ routeResources }: Provider, live: LiveRoutes): KubeObject[] =>
  routeResources.flatMap((resource) => liveOf(resource, live));

/** The objects of one kind that a provider names. */
export const liveOf = ({ kind, group }: Resource, { routes }: LiveRoutes): KubeObject[] =>
  routes.filter((each) => each.kind === kind && each.apiVersion.startsWith(`${group}/`));
