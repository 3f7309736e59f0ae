import { isOff } from '../provider.ts';
import type { Observation, Provider, TrafficContext } from '../provider.ts';
import { refuse } from './refusals.ts';
import { HTTP_PROXIES, namesService, portsOf, PROXIES } from './routes.ts';
import { acknowledgement, worst } from './status.ts';
import { contourGrpcPresets, contourPresets } from '../shared/envoy-presets.ts';
import { seeRoutes } from '../shared/in-place-seen.ts';
import { planRoutes, recordRoutes, restoreRoutes } from '../shared/in-place.ts';
import { BY_ROUTES } from '../shared/steering.ts';

function observe(context: TrafficContext): Observation {
  const { problem, routes, ...seen } = seeRoutes(PROXIES, context);
  const off = isOff({ ...seen, acknowledged: 'unknown' });
  const status = worst(routes.map((proxy) => acknowledgement(proxy, off)));
  return { ...seen, ...status, ...(problem === undefined ? {} : { problem }) };
}

/**
 * Contour: the weights of the user's HTTPProxies are edited in place, the same way in every route that sends
 * to the stable Service.
 */
export const contour: Provider = {
  name: 'contour',
  title: 'Contour (HTTPProxy)',
  routeResources: [HTTP_PROXIES],
  madeResource: undefined,
  editsUserRoutes: true,
  steering: BY_ROUTES,
  // Contour gathers changes for at most half a second and pushes them to every Envoy.
  settleMs: 10_000,
  strategies: ['canary', 'blueGreen'],
  names: namesService,
  refuse,
  record: (context) => recordRoutes(PROXIES, context),
  observe,
  plan: (context, split) => planRoutes(PROXIES, context, split),
  cleanup: (context) => restoreRoutes(PROXIES, context),
  presets: () => contourPresets,
  allPresets: [contourPresets, contourGrpcPresets],
  portsTo: portsOf,
};
