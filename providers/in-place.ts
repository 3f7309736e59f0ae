import type { JsonObject, KubeObject, Resource } from '../api/kube.ts';
import type { Write } from '../api/writes.ts';
import type { RouteOriginals, TrafficContext } from './provider.ts';
import {
  patchRule,
  percentOf,
  recordRule,
  restoredDestinations,
  rulesInScope,
  splitDestinations,
  type LiveRule,
  type Pair,
  type RecordedRule,
  type Shape,
} from './weighted-rules.ts';

/** A kind of the user's routes that is edited in place, and how its parts are called in sentences. */
export interface InPlace {
  resource: Resource;
  shape: Shape;
  /** "rules", "routes" */
  plural: string;
  /** e.g. `rule 2 of HTTPRoute shop` */
  label: (route: KubeObject, rule: LiveRule) => string;
  /** e.g. "Service third" */
  nameOf: (destination: JsonObject) => string;
}

export interface Scoped {
  route: KubeObject;
  rule: LiveRule;
}

const keyOf = ({ resource }: InPlace, { metadata }: KubeObject): string =>
  `${resource.kind}/${metadata.name}`;

const pairOf = ({ namespace, stableService, canaryService }: TrafficContext): Pair => ({
  namespace,
  stable: stableService.metadata.name,
  canary: canaryService,
});

function recordedRules(
  kind: InPlace,
  originals: RouteOriginals | undefined,
  route: KubeObject,
): RecordedRule[] {
  const entry = originals?.[keyOf(kind, route)] as { rules?: RecordedRule[] } | undefined;
  return entry?.rules ?? [];
}

function scopeOfRoute(kind: InPlace, context: TrafficContext, route: KubeObject): LiveRule[] {
  const recorded = recordedRules(kind, context.originals, route);
  return rulesInScope(kind.shape, route, pairOf(context), recorded);
}

/** Every rule of the routes in scope that names stable or canary. */
export function scopeOf(kind: InPlace, context: TrafficContext): Scoped[] {
  return context.routes.flatMap((route) =>
    scopeOfRoute(kind, context, route).map((rule) => ({ route, rule })),
  );
}

/** A rule that came after the record was taken stays on stable until it is recorded too. */
const isOurs = (context: TrafficContext, { recorded, canary }: LiveRule): boolean =>
  context.originals === undefined || recorded !== undefined || canary.length > 0;

/** One patch per route with something to change. */
function edit(kind: InPlace, context: TrafficContext, wanted: (rule: LiveRule) => JsonObject[]): Write[] {
  return context.routes.flatMap((route): Write[] => {
    const patch = scopeOfRoute(kind, context, route)
      .filter((rule) => isOurs(context, rule))
      .flatMap((rule) => patchRule(kind.shape, rule, wanted(rule)));
    const ref = { resource: kind.resource, namespace: context.namespace, name: route.metadata.name };
    return patch.length === 0 ? [] : [{ verb: 'jsonPatch', ref, patch }];
  });
}

export const planRoutes = (kind: InPlace, context: TrafficContext, weight: number): Write[] =>
  edit(kind, context, (rule) => splitDestinations(kind.shape, rule, pairOf(context), weight));

export const restoreRoutes = (kind: InPlace, context: TrafficContext): Write[] =>
  edit(kind, context, (rule) => restoredDestinations(kind.shape, rule, pairOf(context)));

/**
 * Once recorded, a rule without our destination is as its author wrote it, even in mid-release (a GitOps tool put it
 * back): then its present weights are what to come back to. So this may be called at any time; rules that came since
 * are added, and with nothing new it returns what it was given.
 */
export function recordRoutes(kind: InPlace, context: TrafficContext): RouteOriginals {
  const live = context.routes.map((route): [string, unknown] => {
    const untouched = scopeOfRoute(kind, context, route).filter(({ canary }) => canary.length === 0);
    const kept = recordedRules(kind, context.originals, route).filter(
      (old) => !untouched.some(({ recorded }) => recorded === old),
    );
    const fresh = untouched.map((rule) => recordRule(kind.shape, rule));
    return [keyOf(kind, route), { rules: [...kept, ...fresh] }];
  });
  return { ...context.originals, ...Object.fromEntries(live) };
}

/** What the rules say together. */
export interface Seen {
  /** undefined if they disagree, or one sends nothing anywhere; 0 without any */
  weight: number | undefined;
  /** a sentence about what is not as it should be */
  problem: string | undefined;
  /** routes with a rule that counts */
  routes: KubeObject[];
}

export function seeRoutes(kind: InPlace, context: TrafficContext): Seen {
  const scope = scopeOf(kind, context);
  const counted = scope.filter(({ rule }) => isOurs(context, rule));
  const percents = new Set(counted.map(({ rule }) => percentOf(kind.shape, rule)));
  const [percent] = percents.size === 0 ? [0] : percents;
  return {
    weight: percents.size > 1 ? undefined : percent,
    problem: percents.size > 1 ? disagreement(kind, context, scope) : intrusion(kind, context, scope),
    routes: [...new Set(counted.map(({ route }) => route))],
  };
}

function disagreement(kind: InPlace, context: TrafficContext, scope: readonly Scoped[]): string {
  const each = scope.map(
    ({ route, rule }) => `${kind.label(route, rule)} ${percentOf(kind.shape, rule) ?? 0}%`,
  );
  return `the ${kind.plural} send different shares to Service ${context.canaryService}: ${each.join(', ')}`;
}

function intrusion(kind: InPlace, context: TrafficContext, scope: readonly Scoped[]): string | undefined {
  for (const { route, rule } of scope) {
    if (!isOurs(context, rule)) {
      return `${kind.label(route, rule)} came during the release and stays on Service ${context.stableService.metadata.name}`;
    }
    const [foreign] = rule.foreign;
    if (foreign !== undefined && rule.canary.length > 0) {
      return `${kind.label(route, rule)} now also sends to ${kind.nameOf(foreign)}, which is neither stable nor canary`;
    }
  }
  return undefined;
}
