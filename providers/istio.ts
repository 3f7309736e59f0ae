import { get } from '../api/json.ts';
import type { JsonObject, KubeObject } from '../api/kube.ts';
import { REASON } from '../api/reasons.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Write } from '../api/writes.ts';
import { ownVirtualService, refuseOwn } from './istio-own.ts';
import {
  hostOf,
  patchRoute,
  percentOf,
  recordRoute,
  restoredDestinations,
  routesInScope,
  sendsTo,
  splitDestinations,
  type Hosts,
  type LiveRoute,
  type RecordedRoute,
} from './istio-routes.ts';
import { ownPercent, planOwn, removeOwn } from './own-object.ts';
import { istioErrorRate, istioLatency } from './presets.ts';
import type { Observation, Provider, Refusal, RouteOriginals, TrafficContext } from './provider.ts';

const keyOf = ({ metadata }: KubeObject): string => `VirtualService/${metadata.name}`;

function hostsOf(context: TrafficContext): Hosts {
  return {
    namespace: context.namespace,
    stable: context.stableService.metadata.name,
    canary: context.canaryService,
  };
}

function recordedRoutes(originals: RouteOriginals | undefined, object: KubeObject): RecordedRoute[] {
  const entry = originals?.[keyOf(object)] as { routes?: RecordedRoute[] } | undefined;
  return entry?.routes ?? [];
}

function scopeOf(context: TrafficContext, object: KubeObject): LiveRoute[] {
  return routesInScope(object, hostsOf(context), recordedRoutes(context.originals, object));
}

/**
 * Does the split stand in a VirtualService of our own? Decided before the first edit and kept by the record: a user's
 * VirtualService that is deleted in mid-release is not replaced.
 */
function makesOwn({ originals, routes }: TrafficContext): boolean {
  return originals === undefined ? routes.length === 0 : Object.keys(originals).length === 0;
}

/** A route that came after the record was taken stays on stable until it is recorded too. */
const isOurs = (context: TrafficContext, { recorded, canary }: LiveRoute): boolean =>
  context.originals === undefined || recorded !== undefined || canary.length > 0;

/** What to call a route in a sentence. */
function label(object: KubeObject, { protocol, index, route }: LiveRoute): string {
  const { name } = route;
  const which = typeof name === 'string' && name !== '' ? `"${name}"` : index + 1;
  return `${protocol} route ${which} of VirtualService ${object.metadata.name}`;
}

function edit(context: TrafficContext, wanted: (route: LiveRoute) => JsonObject[]): Write[] {
  return context.routes.flatMap((object): Write[] => {
    const patch = scopeOf(context, object)
      .filter((route) => isOurs(context, route))
      .flatMap((route) => patchRoute(route, wanted(route)));
    const { name } = object.metadata;
    const ref = { resource: RESOURCES.virtualServices, namespace: context.namespace, name };
    return patch.length === 0 ? [] : [{ verb: 'jsonPatch', ref, patch }];
  });
}

/** As with HTTPRoutes, a route that its author put back is recorded anew; with nothing new it returns what it was given. */
function record(context: TrafficContext): RouteOriginals {
  if (makesOwn(context)) return {};
  const live = context.routes.map((object): [string, unknown] => {
    const untouched = scopeOf(context, object).filter(({ canary }) => canary.length === 0);
    const kept = recordedRoutes(context.originals, object).filter(
      (old) => !untouched.some(({ recorded }) => recorded === old),
    );
    return [keyOf(object), { routes: [...kept, ...untouched.map(recordRoute)] }];
  });
  return { ...context.originals, ...Object.fromEntries(live) };
}

interface Scoped {
  object: KubeObject;
  route: LiveRoute;
}

function observe(context: TrafficContext): Observation {
  return makesOwn(context) ? observeOwn(context) : observeRoutes(context);
}

function observeOwn(context: TrafficContext): Observation {
  const weight = ownPercent(ownVirtualService, context);
  if (weight !== undefined) return { weight, acknowledged: 'unknown' };
  const problem = `the VirtualService made for Service ${context.stableService.metadata.name} was changed by somebody else`;
  return { weight, acknowledged: 'unknown', problem };
}

function observeRoutes(context: TrafficContext): Observation {
  const scope = context.routes.flatMap((object) =>
    scopeOf(context, object).map((route): Scoped => ({ object, route })),
  );
  const counted = scope.filter(({ route }) => isOurs(context, route));
  const percents = new Set(counted.map(({ route }) => percentOf(route)));
  const [percent] = percents.size === 0 ? [0] : percents;
  const problem = disagreement(context, scope, percents.size);
  return {
    weight: percents.size > 1 ? undefined : percent,
    acknowledged: counted.every(({ object }) => isAnalysed(object)) ? 'yes' : 'unknown',
    ...(problem === undefined ? {} : { problem }),
  };
}

/** istiod reports a generation only where its analysis is switched on, which it is not by default. */
function isAnalysed({ metadata, status }: KubeObject): boolean {
  // int64 of a protobuf message: a string in JSON
  const observed = Number(get(status, 'observedGeneration') ?? 0);
  return observed > 0 && observed >= (metadata.generation ?? 0);
}

function disagreement(context: TrafficContext, scope: Scoped[], percents: number): string | undefined {
  if (percents > 1) {
    const each = scope.map(({ object, route }) => `${label(object, route)} ${percentOf(route) ?? 0}%`);
    return `the routes send different shares to Service ${context.canaryService}: ${each.join(', ')}`;
  }
  for (const { object, route } of scope) {
    if (!isOurs(context, route)) {
      return `${label(object, route)} came during the release and stays on Service ${context.stableService.metadata.name}`;
    }
    const [foreign] = route.foreign;
    if (foreign !== undefined && route.canary.length > 0) {
      return `${label(object, route)} now also sends to ${hostOf(foreign)}, which is neither stable nor canary`;
    }
  }
  return undefined;
}

function refuse(context: TrafficContext): Refusal[] {
  if (makesOwn(context)) return refuseOwn(context);
  return context.routes.flatMap((object) =>
    scopeOf(context, object).flatMap((route) => refuseRoute(context, label(object, route), route)),
  );
}

function refuseRoute(context: TrafficContext, name: string, route: LiveRoute): Refusal[] {
  const stable = context.stableService.metadata.name;
  const out: Refusal[] = [];
  const others = [...new Set(route.foreign.map(hostOf))];
  if (others.length > 0) {
    const sentence = `${name} sends to ${others.join(', ')} beside Service ${stable}, and Sluice would have to guess whose share the canary takes; leave only ${stable} in it, or list the VirtualServices to split in the annotation sluice.dev/route.`;
    out.push({ reason: REASON.ForeignDestination, sentence });
  }
  if (route.canary.length > 0 && context.originals === undefined) {
    const sentence = `${name} already sends to Service ${context.canaryService}, which Sluice adds itself during a release; remove that destination.`;
    out.push({ reason: REASON.RouteUnsupported, sentence });
  }
  if (percentOf(route) === undefined) {
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
  routeResource: RESOURCES.virtualServices,
  madeResource: RESOURCES.virtualServices,
  alsoReads: [RESOURCES.virtualServices],
  routeless: true,
  editsUserRoutes: true,
  // istiod gathers changes for up to a few seconds before it pushes them to every proxy.
  settleMs: 15_000,
  strategies: ['canary'],
  names: sendsTo,
  refuse,
  record,
  observe,
  plan: (context, weight) =>
    makesOwn(context)
      ? planOwn(ownVirtualService, context, weight)
      : edit(context, (route) => splitDestinations(route, hostsOf(context), weight)),
  cleanup: (context) => [
    ...edit(context, (route) => restoredDestinations(route, hostsOf(context))),
    ...removeOwn(ownVirtualService, context),
  ],
  errorRate: istioErrorRate,
  latency: istioLatency,
};
