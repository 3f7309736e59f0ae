import type { KubeObject, Resource } from '../api/kube.ts';
import * as list from './list.ts';
import { readBy } from './live.ts';
import { OFF } from './provider.ts';
import type { Presets, Provider, Split, TrafficContext } from './provider.ts';
import { splitVariablesBy, variablesBy } from './variables.ts';

export type BuiltIn = keyof typeof list;

/** The back ends of this version by name. Everything that depends on the list is derived here. */
export const PROVIDERS: Readonly<Record<BuiltIn, Provider>> = list;

const ALL: readonly Provider[] = Object.values(PROVIDERS);

/** Every kind that any of them reads; the controller watches and lists these and has rights on them. */
export const ROUTE_RESOURCES: readonly Resource[] = [
  ...new Set([...ALL.flatMap(({ routeResources }) => routeResources), ...ALL.flatMap(readBy)]),
];

/**
 * What templates may name, besides `auto` and the name of a back end, which means the queries that fit its
 * routes.
 */
export const PRESETS: readonly Presets[] = [...new Set(ALL.flatMap(({ allPresets }) => allPresets))];

/** Variables of query templates that describe the traffic. */
export const trafficVariables = (context: TrafficContext, split: Split = OFF): Record<string, string> =>
  variablesBy(ALL, context, split);

/** The variables that depend only on the split. */
export const splitVariables = (split: Split, stableService?: KubeObject): Record<string, string> =>
  splitVariablesBy(ALL, split, stableService);

export { liveOf, readBy, routesOf, type LiveRoutes } from './live.ts';
