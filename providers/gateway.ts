import { getObjects, getString } from '../api/json.ts';
import type { JsonObject, KubeObject } from '../api/kube.ts';
import { REASON } from '../api/reasons.ts';
import { RESOURCES } from '../api/resources.ts';
import { acknowledgement, worst } from './gateway-status.ts';
import { seeRoutes } from './in-place-seen.ts';
import { planRoutes, recordRoutes, restoreRoutes, scopeOf, type InPlace } from './in-place.ts';
import { refuseOverruled } from './linkerd-profile.ts';
import { gatewayPresets } from './gateway-presets.ts';
import type { Observation, Provider, Refusal, TrafficContext } from './provider.ts';
import { percentOf, sendsTo, type LiveRule, type Shape } from './weighted-rules.ts';

const MAX_BACKENDS = 16;

function refersTo(ref: JsonObject, service: string, namespace: string): boolean {
  return (
    getString(ref, 'name') === service &&
    (getString(ref, 'group') ?? '') === '' &&
    (getString(ref, 'kind') ?? 'Service') === 'Service' &&
    (getString(ref, 'namespace') ?? namespace) === namespace
  );
}

const SHAPE: Shape = {
  lists: ['rules'],
  destinations: 'backendRefs',
  unset: 1,
  onlyGetsAll: false,
  refersTo,
  asCanary: (ref, { canary }) => ({ ...ref, name: canary }),
  asStable: (ref, { stable }) => ({ ...ref, name: stable }),
};

const nameOf = (ref: JsonObject): string =>
  `${getString(ref, 'kind') ?? 'Service'} ${getString(ref, 'name') ?? ''}`;

/** What to call a rule in a sentence. */
function label(route: KubeObject, { index, rule }: LiveRule): string {
  const name = getString(rule, 'name');
  return `rule ${name === undefined ? index + 1 : `"${name}"`} of HTTPRoute ${route.metadata.name}`;
}

const HTTP_ROUTES: InPlace = {
  resource: RESOURCES.httpRoutes,
  shape: SHAPE,
  plural: 'rules',
  label,
  nameOf,
};

function observe(context: TrafficContext): Observation {
  const seen = seeRoutes(HTTP_ROUTES, context);
  const status = worst(seen.routes.map(acknowledgement));
  const problem = seen.problem ?? status.problem;
  return {
    weight: seen.weight,
    acknowledged: status.acknowledged,
    ...(problem === undefined ? {} : { problem }),
  };
}

function refuse(context: TrafficContext): Refusal[] {
  return [
    ...context.routes.flatMap((route) => refuseRoute(context, route)),
    ...scopeOf(HTTP_ROUTES, context).flatMap(({ route, rule }) =>
      refuseRule(context, label(route, rule), rule),
    ),
    ...refuseOverruled(context),
  ];
}

function refuseRoute(context: TrafficContext, route: KubeObject): Refusal[] {
  if (getObjects(route, 'spec', 'parentRefs').length === 0) {
    const sentence = `spec.parentRefs of HTTPRoute ${route.metadata.name} is empty, so no Gateway serves it; attach it to a Gateway, or leave it out with the annotation sluice.dev/route.`;
    return [{ reason: REASON.RouteUnsupported, sentence }];
  }
  const { problem } = acknowledgement(route);
  // In a release the rejection may be our own doing; then it is observed, not refused.
  if (problem === undefined || context.originals !== undefined) return [];
  const sentence = `${problem}, so no weight could ever be confirmed; mend the route, or leave it out with the annotation sluice.dev/route.`;
  return [{ reason: REASON.RouteRejected, sentence }];
}

function refuseRule(context: TrafficContext, name: string, rule: LiveRule): Refusal[] {
  const stable = context.stableService.metadata.name;
  const unsupported = (sentence: string): Refusal => ({ reason: REASON.RouteUnsupported, sentence });
  const others = [...new Set(rule.foreign.map((ref) => nameOf(ref)))];
  const out: Refusal[] = [];
  if (others.length > 0) {
    const sentence = `${name} sends to ${others.join(', ')} beside Service ${stable}, and Sluice would have to guess whose share the canary takes; leave only ${stable} in its backendRefs, or list the routes to split in the annotation sluice.dev/route.`;
    out.push({ reason: REASON.ForeignDestination, sentence });
  }
  if (rule.canary.length > 0 && context.originals === undefined) {
    out.push(
      unsupported(
        `${name} already names Service ${context.canaryService}, which Sluice adds itself during a release; remove that backendRef.`,
      ),
    );
  }
  if (percentOf(SHAPE, rule) === undefined) {
    out.push(
      unsupported(
        `${name} has only backendRefs of weight 0, so it serves nothing that could be shared; give ${stable} a weight above 0 or remove the rule.`,
      ),
    );
  }
  if (rule.destinations.length + rule.stable.length - rule.canary.length > MAX_BACKENDS) {
    out.push(
      unsupported(
        `${name} has ${rule.destinations.length} backendRefs and no room for the canary's within ${MAX_BACKENDS}; use fewer.`,
      ),
    );
  }
  return out;
}

/** Gateway API: the user's HTTPRoutes are edited in place, every rule that names the stable Service alike. */
export const gateway: Provider = {
  name: 'gateway',
  routeResources: [RESOURCES.httpRoutes],
  madeResource: undefined,
  alsoReads: [RESOURCES.serviceProfiles],
  editsUserRoutes: true,
  settleMs: 10_000,
  strategies: ['canary'],
  names: (route, service) => sendsTo(SHAPE, route, service),
  refuse,
  record: (context) => recordRoutes(HTTP_ROUTES, context),
  observe,
  plan: (context, split) => planRoutes(HTTP_ROUTES, context, split),
  cleanup: (context) => restoreRoutes(HTTP_ROUTES, context),
  presets: gatewayPresets,
};
