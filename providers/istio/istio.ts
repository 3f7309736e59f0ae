import type { KubeObject } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import { seeRoutes } from '../shared/in-place-seen.ts';
import { planRoutes, recordRoutes, restoreRoutes, scopeOf } from '../shared/in-place.ts';
import { ownVirtualService, refuseOwn } from './own.ts';
import { refuseMatch, refuseRoute, refuseWants } from './refusals.ts';
import { label, SHAPE, VIRTUAL_SERVICES } from './routes.ts';
import { analysisOf, errorIn, type Analysis } from './status.ts';
import { liveOwn, ownSplit, planOwn, refuseTaken, removeOwn } from '../shared/own-object.ts';
import { istioPresets, istioReporters } from './presets.ts';
import type { Observation, Provider, Refusal, TrafficContext } from '../provider.ts';
import { sendsTo } from '../shared/weighted-rules.ts';
import { BY_ROUTES } from '../shared/steering.ts';

/**
 * Is the split in a VirtualService of our own? This is decided before the first edit and kept in the record:
 * a user's VirtualService that is deleted during a release is not replaced.
 */
function makesOwn({ originals, routes }: TrafficContext): boolean {
  return originals === undefined ? routes.length === 0 : Object.keys(originals).length === 0;
}

function observe(context: TrafficContext): Observation {
  return makesOwn(context) ? observeOwn(context) : observeRoutes(context);
}

function observeOwn(context: TrafficContext): Observation {
  const split = ownSplit(ownVirtualService, context);
  if (split === undefined) {
    const problem = `the VirtualService made for Service ${context.stableService.metadata.name} was changed by someone else`;
    return { weight: undefined, acknowledged: 'unknown', problem };
  }
  const { weight, mirror, matching } = split;
  return { weight, mirror, matching, ...worst(liveOwn(context).map(analysisOf)) };
}

function observeRoutes(context: TrafficContext): Observation {
  const { problem, routes, ...seen } = seeRoutes(VIRTUAL_SERVICES, context);
  const analysis = worst(routes.map(analysisOf));
  return { ...seen, ...analysis, ...(problem === undefined ? {} : { problem }) };
}

/** An error in one counts for all; they are confirmed only when all are. */
function worst(all: readonly Analysis[]): Analysis {
  const confirmed = all.length > 0 && all.every(({ acknowledged }) => acknowledged === 'yes');
  const wrong = all.find(({ acknowledged }) => acknowledged === 'pending');
  return wrong ?? { acknowledged: confirmed ? 'yes' : 'unknown' };
}

function refuse(context: TrafficContext): Refusal[] {
  const always = refuseMatch(context);
  if (makesOwn(context))
    return [...always, ...refuseTaken(ownVirtualService, context), ...refuseOwn(context)];
  return [
    ...always,
    ...context.routes.flatMap((object) => refuseRejected(context, object)),
    ...scopeOf(VIRTUAL_SERVICES, context).flatMap(({ route, rule }) => {
      const named = { name: label(route, rule), object: route, rule };
      return [...refuseRoute(context, named), ...refuseWants(context, named)];
    }),
  ];
}

/** During a release, our own edits may cause the error; then it is observed, not refused. */
function refuseRejected(context: TrafficContext, object: KubeObject): Refusal[] {
  const problem = errorIn(object);
  if (problem === undefined || context.originals !== undefined) return [];
  const sentence = `${problem}, so no weight could ever be confirmed; correct it, or exclude the VirtualService by listing the others in the annotation sluice.dev/route.`;
  return [{ reason: REASON.RouteRejected, sentence }];
}

/**
 * Istio: the user's VirtualServices are edited in place, the same way in every http, tls and tcp route that
 * sends to the stable Service. Where there is no VirtualService, Sluice makes one of its own and deletes it.
 */
export const istio: Provider = {
  name: 'istio',
  title: 'Istio',
  routeResources: [RESOURCES.virtualServices],
  madeResource: RESOURCES.virtualServices,
  alsoReads: [RESOURCES.virtualServices],
  routeless: true,
  editsUserRoutes: true,
  steering: BY_ROUTES,
  // istiod gathers changes for up to a few seconds before it pushes them to every proxy.
  settleMs: 15_000,
  strategies: ['canary', 'blueGreen', 'ab'],
  names: (object, service) => sendsTo(SHAPE, object, service),
  refuse,
  record: (context) => (makesOwn(context) ? {} : recordRoutes(VIRTUAL_SERVICES, context)),
  observe,
  plan: (context, split) =>
    makesOwn(context)
      ? planOwn(ownVirtualService, context, split)
      : planRoutes(VIRTUAL_SERVICES, context, split),
  cleanup: (context) => [
    ...restoreRoutes(VIRTUAL_SERVICES, context),
    ...removeOwn(ownVirtualService, context),
  ],
  presets: () => istioPresets,
  allPresets: [istioPresets],
  splitVariables: istioReporters,
};
