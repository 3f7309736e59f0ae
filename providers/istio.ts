import { getObject, getString } from '../api/json.ts';
import type { JsonObject, KubeObject } from '../api/kube.ts';
import { REASON } from '../api/reasons.ts';
import { RESOURCES } from '../api/resources.ts';
import { seeRoutes } from './in-place-seen.ts';
import { planRoutes, recordRoutes, restoreRoutes, scopeOf, type InPlace } from './in-place.ts';
import { hostOf, isHostOf } from './istio-hosts.ts';
import { ownVirtualService, refuseOwn } from './istio-own.ts';
import { refuseMatch, refuseWants } from './istio-refusals.ts';
import { analysisOf, type Analysis } from './istio-status.ts';
import { liveOwn, ownSplit, planOwn, refuseTaken, removeOwn } from './own-object.ts';
import { istioPresets } from './presets.ts';
import type { Observation, Provider, Refusal, TrafficContext } from './provider.ts';
import { percentOf, sendsTo, type LiveRule, type Shape } from './weighted-rules.ts';

/** The destination under another host; what stands behind the Service's name stays. */
function moved(destination: JsonObject, from: string, to: string): JsonObject {
  const host = `${to}${hostOf(destination).slice(from.length)}`;
  return { ...destination, destination: { ...getObject(destination, 'destination'), host } };
}

/** A subset is of the stable Service's DestinationRule: under the canary's host Envoy would answer 503 for it. */
function withoutSubset(destination: JsonObject): JsonObject {
  const rest = { ...getObject(destination, 'destination') };
  delete rest['subset'];
  return { ...destination, destination: rest };
}

const SHAPE: Shape = {
  lists: ['http', 'tls', 'tcp'],
  destinations: 'route',
  unset: 0,
  onlyGetsAll: true,
  refersTo: (destination, service, namespace) => isHostOf(hostOf(destination), service, namespace),
  asCanary: (destination, { stable, canary }) => withoutSubset(moved(destination, stable, canary)),
  asStable: (destination, { stable, canary }) => moved(destination, canary, stable),
};

/** What to call a route in a sentence. */
function label(object: KubeObject, { list, index, rule }: LiveRule): string {
  const name = getString(rule, 'name') ?? '';
  return `${list} route ${name === '' ? index + 1 : `"${name}"`} of VirtualService ${object.metadata.name}`;
}

const VIRTUAL_SERVICES: InPlace = {
  resource: RESOURCES.virtualServices,
  shape: SHAPE,
  plural: 'routes',
  label,
  nameOf: hostOf,
};

/**
 * Does the split stand in a VirtualService of our own? Decided before the first edit and kept by the record: a user's
 * VirtualService that is deleted in mid-release is not replaced.
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
    const problem = `the VirtualService made for Service ${context.stableService.metadata.name} was changed by somebody else`;
    return { weight: undefined, acknowledged: 'unknown', problem };
  }
  const { weight, mirror, matching } = split;
  return { weight, mirror, matching, ...worst(liveOwn(context).map(analysisOf)) };
}

function observeRoutes(context: TrafficContext): Observation {
  const { weight, problem, routes } = seeRoutes(VIRTUAL_SERVICES, context);
  const analysis = worst(routes.map(analysisOf));
  return { weight, ...analysis, ...(problem === undefined ? {} : { problem }) };
}

/** An error of one is one of all; confirmed they are only together. */
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
      const name = label(route, rule);
      return [...refuseRoute(context, name, rule), ...refuseWants(context, { name, object: route, rule })];
    }),
  ];
}

/** In a release an error may be our own doing; then it is observed, not refused. */
function refuseRejected(context: TrafficContext, object: KubeObject): Refusal[] {
  const { problem } = analysisOf(object);
  if (problem === undefined || context.originals !== undefined) return [];
  const sentence = `${problem}, so no weight could ever be confirmed; mend it, or leave the VirtualService out with the annotation sluice.dev/route.`;
  return [{ reason: REASON.RouteRejected, sentence }];
}

function refuseRoute(context: TrafficContext, name: string, rule: LiveRule): Refusal[] {
  const stable = context.stableService.metadata.name;
  const out: Refusal[] = [];
  const others = [...new Set(rule.foreign.map(hostOf))];
  if (others.length > 0) {
    const sentence = `${name} sends to ${others.join(', ')} beside Service ${stable}, and Sluice would have to guess whose share the canary takes; leave only ${stable} in it, or list the VirtualServices to split in the annotation sluice.dev/route.`;
    out.push({ reason: REASON.ForeignDestination, sentence });
  }
  if (rule.canary.length > 0 && context.originals === undefined) {
    const sentence = `${name} already sends to Service ${context.canaryService}, which Sluice adds itself during a release; remove that destination.`;
    out.push({ reason: REASON.RouteUnsupported, sentence });
  }
  if (percentOf(SHAPE, rule) === undefined) {
    const sentence = `${name} has several destinations and no weight above 0, so it serves nothing that could be shared; give ${stable} a weight.`;
    out.push({ reason: REASON.RouteUnsupported, sentence });
  }
  return out;
}

/**
 * Istio: the user's VirtualServices are edited in place, every http, tls and tcp route that sends to the stable Service
 * alike. Where there is none, one of our own is made and deleted.
 */
export const istio: Provider = {
  name: 'istio',
  routeResources: [RESOURCES.virtualServices],
  madeResource: RESOURCES.virtualServices,
  alsoReads: [RESOURCES.virtualServices],
  routeless: true,
  editsUserRoutes: true,
  // istiod gathers changes for up to a few seconds before it pushes them to every proxy.
  settleMs: 15_000,
  strategies: ['canary'],
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
};
