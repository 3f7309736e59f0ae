import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { mirrorOf, refersTo } from './filters.ts';
import { KINDS, kindOf, label } from './kinds.ts';
import { guardedName } from './matches.ts';
import { gatewayNotes } from './notes.ts';
import { gatewayPresets, linkerdRoutePresets } from './presets.ts';
import { gatewayPorts, gatewayVariables } from './variables.ts';
import { ENVOY_PRESETS } from '../shared/envoy-presets.ts';
import { sessionsStay } from '../shared/sessions.ts';
import { BY_ROUTES } from '../shared/steering.ts';
import { traefikPresets } from '../shared/traefik-presets.ts';
import { refuse } from './refusals.ts';
import { acknowledgement, worst } from './status.ts';
import { lookAt, summarise, type Seen } from '../shared/in-place-seen.ts';
import { dnsLabel } from '../shared/naming.ts';
import { planRoutes, recordRoutes, restoreRoutes, scopeOf } from '../shared/in-place.ts';
import type { Observation, Provider, RouteOriginals, TrafficContext } from '../provider.ts';
import { sendsTo } from '../shared/weighted-rules.ts';

function observe(context: TrafficContext): Observation {
  const seen = summarise(
    KINDS.flatMap((kind) => lookAt(kind, context)),
    context,
  );
  const off = seen.weight === 0 && seen.mirror === 0 && !seen.matching;
  const status = worst(seen.routes.map((route) => acknowledgement(route, off)));
  const problem = seen.problem ?? copiesAll(seen, context) ?? named(context) ?? status.problem;
  return {
    weight: seen.weight,
    ...(seen.most === undefined ? {} : { most: seen.most }),
    ...(seen.mirror === 0 ? {} : { mirror: seen.mirror }),
    ...(seen.matching ? { matching: true } : {}),
    acknowledged: status.acknowledged,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** A server that does not know the field drops it, and then every request is copied. */
function copiesAll({ mirror }: Seen, { wants }: TrafficContext): string | undefined {
  if (mirror !== 100 || wants.mirror === undefined || wants.mirror === 100) return undefined;
  return `all requests are copied instead of ${wants.mirror}%: the Gateway API of this cluster may be older than 1.3, which cannot copy a percentage of requests`;
}

/** A rule that got its name during the release is no longer copied. */
function named(context: TrafficContext): string | undefined {
  const { wants, originals } = context;
  if (originals === undefined || (wants.match === undefined && wants.sticky === undefined)) return undefined;
  const scope = KINDS.flatMap((kind) => scopeOf(kind, context));
  const guarded = scope.find(({ rule }) => guardedName(rule.rule, wants) !== undefined);
  if (guarded === undefined) return undefined;
  return `${label(guarded.route, guarded.rule)} has a name now, and policies may refer to it by that name, so requests that match are not sent to Service ${context.canaryService} there`;
}

/**
 * A rule with copies to a Service that is named like the canary of a Service it sends to: such copies are
 * ours.
 */
function copiesToCanary(route: KubeObject, service: string): boolean {
  const namespace = route.metadata.namespace ?? '';
  return getObjects(route, 'spec', 'rules').some((rule) =>
    getObjects(rule, 'backendRefs').some((ref) => {
      const stable = getString(ref, 'name') ?? '';
      const isPair = dnsLabel(stable, '-canary') === service && refersTo(ref, stable, namespace);
      return isPair && mirrorOf(rule, { namespace, stable, canary: service }) > 0;
    }),
  );
}

/**
 * Gateway API: the user's HTTPRoutes and GRPCRoutes are edited in place, the same way in every rule that
 * names the stable Service.
 */
export const gateway: Provider = {
  name: 'gateway',
  title: 'Gateway API',
  routeResources: KINDS.map(({ resource }) => resource),
  madeResource: undefined,
  alsoReads: [RESOURCES.serviceProfiles, ...KINDS.map(({ resource }) => resource)],
  editsUserRoutes: true,
  steering: BY_ROUTES,
  settleMs: 10_000,
  strategies: ['canary', 'blueGreen', 'ab'],
  names: (route, service) => sendsTo(kindOf(route).shape, route, service) || copiesToCanary(route, service),
  refuse,
  record: (context) =>
    KINDS.reduce<RouteOriginals | undefined>(
      (originals, kind) => recordRoutes(kind, { ...context, originals }),
      context.originals,
    ) ?? {},
  observe,
  plan: (context, split) => KINDS.flatMap((kind) => planRoutes(kind, context, split)),
  cleanup: (context) => KINDS.flatMap((kind) => restoreRoutes(kind, context)),
  presets: gatewayPresets,
  allPresets: [linkerdRoutePresets, ...ENVOY_PRESETS, traefikPresets],
  routeVariables: gatewayVariables,
  portsTo: gatewayPorts,
  uncountable: sessionsStay,
  notes: ({ routes, stable, templates }) => gatewayNotes(routes, stable, templates),
};
