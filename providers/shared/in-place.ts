import { getObjects, isObject } from '../../lib/json.ts';
import type { JsonPatchOp, KubeObject, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Write } from '../../api/writes.ts';
import { OFF } from '../provider.ts';
import type { RouteOriginals, Split, TrafficContext } from '../provider.ts';
import { patchRules, type OwnRule } from './rule-patch.ts';
import {
  bareRule,
  readRecordedRule,
  recordRule,
  restoredDestinations,
  rulesInScope,
  rulesOf,
  splitDestinations,
  turnedToStable,
  type FoundRule,
  type LiveRule,
  type Pair,
  type RecordedRule,
  type Shape,
} from './weighted-rules.ts';

/** A kind of the user's routes that is edited in place, and the names of its parts in sentences. */
export interface InPlace {
  resource: Resource;
  shape: Shape;
  /** "rules", "routes" */
  plural: string;
  /** e.g. `rule 2 of HTTPRoute shop` */
  label: (route: KubeObject, rule: LiveRule) => string;
  /** e.g. "Service third" */
  nameOf: (destination: JsonObject) => string;
  /** absent: only weights are supported for the kind */
  beside?: Beside;
}

/**
 * What a kind of route supports besides weights: copies, and requests that go to the canary because they
 * match.
 */
export interface Beside {
  /** the only list whose rules support more than weights; absent: all */
  list?: string;
  /**
   * what all requests that match have in common: any one entry is enough; it identifies our own rules, and is
   * kept in the record
   */
  entries: (context: TrafficContext) => JsonObject[];
  isOwn: (rule: JsonObject, pair: Pair, entries: readonly JsonObject[]) => boolean;
  /** a rule of the user's, given without anything of ours, as `split` wants it */
  dress: (rule: JsonObject, told: Told) => JsonObject;
  /** a destination of the canary, as `split` wants it */
  dressCanary: (destination: JsonObject, told: Told) => JsonObject;
  /** rules of our own that go with the rules of the user's, each given without anything of ours */
  own: (rules: readonly { live: LiveRule; bare: JsonObject }[], told: Told) => OwnRule[];
  /** percent of the requests that a rule copies to the canary */
  mirrorOf: (rule: JsonObject, pair: Pair) => number;
  /** does a destination of the canary have everything that it needs while requests match? */
  isDressed: (destination: JsonObject, context: TrafficContext) => boolean;
}

/** The input for the parts of one route. */
export interface Told {
  context: TrafficContext;
  route: KubeObject;
  pair: Pair;
  split: Split;
  /** with canary destinations as `split` wants them */
  shape: Shape;
}

export interface Scoped {
  route: KubeObject;
  rule: LiveRule;
}

interface RecordedRoute {
  rules?: RecordedRule[];
  entries?: JsonObject[];
}

const keyOf = ({ resource }: InPlace, { metadata }: KubeObject): string =>
  `${resource.kind}/${metadata.name}`;

export const pairOf = ({ namespace, stableService, canaryService }: TrafficContext): Pair => ({
  namespace,
  stable: stableService.metadata.name,
  canary: canaryService,
});

const routesOfKind = ({ resource }: InPlace, { routes }: TrafficContext): KubeObject[] =>
  routes.filter(({ kind }) => kind === resource.kind);

function recordOf(kind: InPlace, { originals }: TrafficContext, route: KubeObject): RecordedRoute {
  const entry = originals?.[keyOf(kind, route)];
  if (!isObject(entry)) return {};
  const rules = getObjects(entry, 'rules').flatMap((rule) => readRecordedRule(rule) ?? []);
  return { rules, entries: getObjects(entry, 'entries') };
}

/** The conditions that make requests match: as the policy says, or as it said when the record was taken. */
function entriesOf(kind: InPlace, context: TrafficContext, route: KubeObject): JsonObject[] {
  const wanted = kind.beside?.entries(context) ?? [];
  return wanted.length > 0 ? wanted : (recordOf(kind, context, route).entries ?? []);
}

function ownTest(kind: InPlace, context: TrafficContext, route: KubeObject): (rule: JsonObject) => boolean {
  const entries = entriesOf(kind, context, route);
  return (rule) => kind.beside?.isOwn(rule, pairOf(context), entries) ?? false;
}

function scopeOfRoute(kind: InPlace, context: TrafficContext, route: KubeObject): LiveRule[] {
  return rulesInScope(kind.shape, route, {
    pair: pairOf(context),
    recorded: recordOf(kind, context, route).rules ?? [],
    isOwn: ownTest(kind, context, route),
  });
}

/** Every rule of the user's that names stable or canary, in the routes in scope. */
export function scopeOf(kind: InPlace, context: TrafficContext): Scoped[] {
  return routesOfKind(kind, context).flatMap((route) =>
    scopeOfRoute(kind, context, route).map((rule) => ({ route, rule })),
  );
}

/** A rule that was added after the record was taken stays on stable until it is recorded too. */
export const isOurs = (context: TrafficContext, { recorded, edited }: LiveRule): boolean =>
  context.originals === undefined || recorded !== undefined || edited;

export const planRoutes = (kind: InPlace, context: TrafficContext, split: Split): Write[] =>
  edit(kind, context, split, (told, rule) =>
    splitDestinations(told.shape, rule, told.pair, { percent: split.weight, total: context.wants.total }),
  );

export const restoreRoutes = (kind: InPlace, context: TrafficContext): Write[] =>
  edit(kind, context, OFF, ({ shape, pair }, rule) => restoredDestinations(shape, rule, pair));

type Destinations = (told: Told, rule: LiveRule) => JsonObject[];

/** One patch for each route that needs a change. */
function edit(kind: InPlace, context: TrafficContext, split: Split, destinations: Destinations): Write[] {
  return routesOfKind(kind, context).flatMap((route): Write[] => {
    const live = { counted: countedRules(kind, context, route), own: ownRules(kind, context, route) };
    const patch =
      patchOrphans(kind, toldOf(kind, context, route, split), live.own) ??
      kind.shape.lists.flatMap((list) => {
        const told = toldOf(kind, context, route, sayable(kind, list, split));
        return patchList(kind, told, list, { ...live, destinations });
      });
    const ref = { resource: kind.resource, namespace: context.namespace, name: route.metadata.name };
    return patch.length === 0 ? [] : [{ verb: 'jsonPatch', ref, patch }];
  });
}

function sayable({ beside }: InPlace, list: string, split: Split): Split {
  return beside?.list === undefined || beside.list === list ? split : { ...OFF, weight: split.weight };
}

function toldOf({ shape, beside }: InPlace, context: TrafficContext, route: KubeObject, split: Split): Told {
  const told: Told = { context, route, pair: pairOf(context), split, shape };
  if (beside === undefined) return told;
  const asCanary: Shape['asCanary'] = (stable, pair) =>
    beside.dressCanary(shape.asCanary(stable, pair), told);
  return { ...told, shape: { ...shape, asCanary } };
}

/** A route's rules, and the wanted destinations of the user's. */
interface Live {
  counted: LiveRule[];
  own: FoundRule[];
  destinations: Destinations;
}

function patchList(kind: InPlace, told: Told, list: string, live: Live): JsonPatchOp[] {
  const counted = live.counted.filter((rule) => rule.list === list);
  return patchRules({
    path: `/spec/${list}`,
    destinations: kind.shape.destinations,
    users: counted.map((user) => {
      const bare = bareRule(kind.shape, user, told.pair);
      const dressed = kind.beside?.dress(bare, told) ?? bare;
      const wanted = { ...dressed, [kind.shape.destinations]: live.destinations(told, user) };
      return { index: user.index, rule: user.rule, wanted };
    }),
    own: live.own.filter((rule) => rule.list === list),
    wantedOwn: wantedOwn(kind, told, counted),
  });
}

/**
 * Someone removed all rules of the user's and left ours. No server accepts a route without rules, so one of
 * ours becomes the user's, which still takes requests away from the canary; while requests are to match, our
 * rules stay as they are.
 */
function patchOrphans(
  kind: InPlace,
  { route, pair, split }: Told,
  own: FoundRule[],
): JsonPatchOp[] | undefined {
  const last = own.at(-1);
  if (last === undefined || own.length < rulesOf(kind.shape, route).length) return undefined;
  if (split.matching) return [];
  const wanted = turnedToStable(kind.shape, last, pair);
  return patchRules({
    path: `/spec/${last.list}`,
    destinations: kind.shape.destinations,
    users: [{ index: last.index, rule: last.rule, wanted }],
    own: own.slice(0, -1),
    wantedOwn: [],
  });
}

const countedRules = (kind: InPlace, context: TrafficContext, route: KubeObject): LiveRule[] =>
  scopeOfRoute(kind, context, route).filter((rule) => isOurs(context, rule));

/** Rules of our own, as they are in the live route. */
export function ownRules(kind: InPlace, context: TrafficContext, route: KubeObject): FoundRule[] {
  const isOwn = ownTest(kind, context, route);
  return rulesOf(kind.shape, route).filter(({ rule }) => isOwn(rule));
}

function wantedOwn(kind: InPlace, told: Told, counted: readonly LiveRule[]): OwnRule[] {
  if (kind.beside === undefined || !told.split.matching) return [];
  const rules = counted.map((live) => ({ live, bare: bareRule(kind.shape, live, told.pair) }));
  return kind.beside.own(rules, told);
}

/** Our own rules, as they would be while requests match. */
export function ownWhileMatching(kind: InPlace, context: TrafficContext, route: KubeObject): OwnRule[] {
  const told = toldOf(kind, context, route, { ...OFF, matching: true });
  return wantedOwn(kind, told, countedRules(kind, context, route));
}

/**
 * A recorded rule without anything of ours is as its author wrote it, even during a release (a GitOps tool
 * restored it): then its present weights are the ones to restore. So this may be called at any time: it adds
 * rules that are new, and returns what it was given if there is nothing new.
 */
export function recordRoutes(kind: InPlace, context: TrafficContext): RouteOriginals {
  const live = routesOfKind(kind, context).map((route): [string, unknown] => {
    const untouched = scopeOfRoute(kind, context, route).filter(({ edited }) => !edited);
    const kept = (recordOf(kind, context, route).rules ?? []).filter(
      (old) => !untouched.some(({ recorded }) => recorded === old),
    );
    const { total } = context.wants;
    const fresh = untouched.map((rule) => recordRule(kind.shape, rule, pairOf(context), total));
    const entries = entriesOf(kind, context, route);
    return [keyOf(kind, route), { rules: [...kept, ...fresh], ...(entries.length === 0 ? {} : { entries }) }];
  });
  return { ...context.originals, ...Object.fromEntries(live) };
}
