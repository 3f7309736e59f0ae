import { getObjects, getString } from '../api/json.ts';
import type { JsonObject, KubeObject } from '../api/kube.ts';
import { REASON } from '../api/reasons.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Write } from '../api/writes.ts';
import {
  patchRule,
  percentOf,
  recordRule,
  refersTo,
  restoredRefs,
  rulesInScope,
  splitRefs,
  type LiveRule,
  type Pair,
  type RecordedRule,
} from './gateway-rules.ts';
import { acknowledgement, worst } from './gateway-status.ts';
import { istioErrorRate, istioLatency } from './presets.ts';
import type { Observation, Provider, Refusal, RouteOriginals, TrafficContext } from './provider.ts';

const MAX_BACKENDS = 16;

const keyOf = (route: KubeObject): string => `HTTPRoute/${route.metadata.name}`;

function pairOf(context: TrafficContext): Pair {
  return {
    namespace: context.namespace,
    stable: context.stableService.metadata.name,
    canary: context.canaryService,
  };
}

function recordedRules(originals: RouteOriginals | undefined, route: KubeObject): RecordedRule[] {
  const entry = originals?.[keyOf(route)] as { rules?: RecordedRule[] } | undefined;
  return entry?.rules ?? [];
}

function scopeOf(context: TrafficContext, route: KubeObject): LiveRule[] {
  return rulesInScope(route, pairOf(context), recordedRules(context.originals, route));
}

/** A rule that came after the record was taken stays on stable until it is recorded too. */
const isOurs = (context: TrafficContext, { recorded, canary }: LiveRule): boolean =>
  context.originals === undefined || recorded !== undefined || canary.length > 0;

const nameOf = (ref: JsonObject): string =>
  `${getString(ref, 'kind') ?? 'Service'} ${getString(ref, 'name') ?? ''}`;

/** What to call a rule in a sentence. */
function label(route: KubeObject, { index, rule }: LiveRule): string {
  const name = getString(rule, 'name');
  return `rule ${name === undefined ? index + 1 : `"${name}"`} of HTTPRoute ${route.metadata.name}`;
}

/** The routes of the namespace in scope and what they name, as one edit per route. */
function edit(context: TrafficContext, wanted: (rule: LiveRule) => JsonObject[]): Write[] {
  return context.routes.flatMap((route): Write[] => {
    const patch = scopeOf(context, route)
      .filter((rule) => isOurs(context, rule))
      .flatMap((rule) => patchRule(rule, wanted(rule)));
    const ref = { resource: RESOURCES.httpRoutes, namespace: context.namespace, name: route.metadata.name };
    return patch.length === 0 ? [] : [{ verb: 'jsonPatch', ref, patch }];
  });
}

/**
 * Once recorded, a rule without our backendRef is as its author wrote it, even in mid-release (a GitOps tool put it
 * back): then its present weights are what to come back to. So this may be called at any time; rules that came since
 * are added, and with nothing new it returns what it was given.
 */
function record(context: TrafficContext): RouteOriginals {
  const live = context.routes.map((route): [string, unknown] => {
    const scope = scopeOf(context, route);
    const untouched = scope.filter(({ canary }) => canary.length === 0);
    const kept = recordedRules(context.originals, route).filter(
      (old) => !untouched.some(({ recorded }) => recorded === old),
    );
    return [keyOf(route), { rules: [...kept, ...untouched.map(recordRule)] }];
  });
  return { ...context.originals, ...Object.fromEntries(live) };
}

function observe(context: TrafficContext): Observation {
  const scope = context.routes.flatMap((route) => scopeOf(context, route).map((rule) => ({ route, rule })));
  const counted = scope.filter(({ rule }) => isOurs(context, rule));
  const percents = new Set(counted.map(({ rule }) => percentOf(rule)));
  const routes = new Set(counted.map(({ route }) => route));
  const status = worst([...routes].map(acknowledgement));
  const [percent] = percents.size === 0 ? [0] : percents;
  const problem = disagreement(context, scope, percents.size) ?? status.problem;
  return {
    weight: percents.size > 1 ? undefined : percent,
    acknowledged: status.acknowledged,
    ...(problem === undefined ? {} : { problem }),
  };
}

function disagreement(
  context: TrafficContext,
  scope: { route: KubeObject; rule: LiveRule }[],
  percents: number,
): string | undefined {
  if (percents > 1) {
    const each = scope.map(({ route, rule }) => `${label(route, rule)} ${percentOf(rule) ?? 0}%`);
    return `the rules send different shares to Service ${context.canaryService}: ${each.join(', ')}`;
  }
  for (const { route, rule } of scope) {
    if (!isOurs(context, rule)) {
      return `${label(route, rule)} came during the release and stays on Service ${context.stableService.metadata.name}`;
    }
    const [foreign] = rule.foreign;
    if (foreign !== undefined && rule.canary.length > 0) {
      return `${label(route, rule)} now also sends to ${nameOf(foreign)}, which is neither stable nor canary`;
    }
  }
  return undefined;
}

function refuse(context: TrafficContext): Refusal[] {
  return context.routes.flatMap((route) => [
    ...refuseRoute(context, route),
    ...scopeOf(context, route).flatMap((rule) => refuseRule(context, label(route, rule), rule)),
  ]);
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
  if (rule.refs.length > 0 && percentOf(rule) === undefined) {
    out.push(
      unsupported(
        `${name} has only backendRefs of weight 0, so it serves nothing that could be shared; give ${stable} a weight above 0 or remove the rule.`,
      ),
    );
  }
  if (rule.refs.length + rule.stable.length - rule.canary.length > MAX_BACKENDS) {
    out.push(
      unsupported(
        `${name} has ${rule.refs.length} backendRefs and no room for the canary's within ${MAX_BACKENDS}; use fewer.`,
      ),
    );
  }
  return out;
}

/** Gateway API: the user's HTTPRoutes are edited in place, every rule that names the stable Service alike. */
export const gateway: Provider = {
  name: 'gateway',
  routeResource: RESOURCES.httpRoutes,
  madeResource: undefined,
  editsUserRoutes: true,
  settleMs: 10_000,
  strategies: ['canary'],
  names: (route, service) =>
    getObjects(route, 'spec', 'rules').some((rule) =>
      getObjects(rule, 'backendRefs').some((ref) => refersTo(ref, service, route.metadata.namespace ?? '')),
    ),
  refuse,
  record,
  observe,
  plan: (context, weight) => edit(context, (rule) => splitRefs(rule, pairOf(context), weight)),
  cleanup: (context) => edit(context, (rule) => restoredRefs(rule, pairOf(context))),
  errorRate: istioErrorRate,
  latency: istioLatency,
};
