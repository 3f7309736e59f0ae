import { equalJson, getNumber, getObject, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Beside, InPlace, Told } from '../shared/in-place.ts';
import { hostOf, isHostOf } from './hosts.ts';
import { conditionsOf, mirrorTo, narrowed, OWN_ROUTE, sticking, withoutSticking } from './matches.ts';
import { onlyCanary, type LiveRule, type Pair, type Shape } from '../shared/weighted-rules.ts';
import { FULL } from '../shared/weights.ts';

/** The destination with another host; everything after the Service's name is kept. */
function moved(destination: JsonObject, from: string, to: string): JsonObject {
  const host = `${to}${hostOf(destination).slice(from.length)}`;
  return { ...destination, destination: { ...getObject(destination, 'destination'), host } };
}

/**
 * A subset comes from the stable Service's DestinationRule. The canary's copy of that rule may have it too,
 * but selects no pod by it (`version: v1`), and Envoy would answer 503.
 */
function withoutSubset(destination: JsonObject): JsonObject {
  const rest = { ...getObject(destination, 'destination') };
  delete rest['subset'];
  return { ...destination, destination: rest };
}

const isTo = (destination: JsonObject, service: string, namespace: string): boolean =>
  isHostOf(hostOf(destination), service, namespace);

const isCopy = (mirror: JsonObject, { canary, namespace }: Pair): boolean => isTo(mirror, canary, namespace);

export const SHAPE: Shape = {
  lists: ['http', 'tls', 'tcp'],
  destinations: 'route',
  unset: 0,
  allZero: 'only',
  refersTo: isTo,
  asCanary: (destination, { stable, canary }) => withoutSubset(moved(destination, stable, canary)),
  asStable: (destination, { stable, canary }) => withoutSticking(moved(destination, canary, stable)),
  undressed: (rule, pair) => {
    const mirrors = getObjects(rule, 'mirrors');
    const others = mirrors.filter((each) => !isCopy(each, pair));
    if (others.length === mirrors.length) return rule;
    const rest = { ...rule };
    delete rest['mirrors'];
    return others.length === 0 ? rest : { ...rest, mirrors: others };
  },
};

/** Copies go to the Service and port of the first destination. */
function dress(rule: JsonObject, { split, pair }: Told): JsonObject {
  if (split.mirror === 0) return rule;
  const destinations = getObjects(rule, 'route');
  const stable = destinations.find((each) => isTo(each, pair.stable, pair.namespace));
  const canary = destinations.find((each) => isTo(each, pair.canary, pair.namespace));
  const to = stable === undefined ? canary : SHAPE.asCanary(stable, pair);
  return to === undefined
    ? rule
    : { ...rule, mirrors: [...getObjects(rule, 'mirrors'), mirrorTo(to, split.mirror)] };
}

/**
 * Before each route, a route for the requests that match, otherwise the same: the first route that fits is
 * taken. It has the same name, because names need not be unique: an EnvoyFilter that points at the route by
 * name applies to both.
 */
const own: Beside['own'] = (rules, told) => {
  const conditions = conditionsOf(told.context);
  return rules.flatMap(({ live, bare }) => {
    const match = live.list === 'http' ? narrowed(getObjects(bare, 'match'), conditions) : [];
    if (match.length === 0) return [];
    const route = onlyCanary(told.shape, live, told.pair);
    return [{ rule: { name: OWN_ROUTE, ...bare, match, route }, before: live.index }];
  });
};

/**
 * A route is ours if it sends everything to the canary, with a sum of weights that no route of a user's has
 * while it is split, and has our name or asks for our conditions: a user may name routes, and may have
 * conditions like ours. A route that has both our name and our conditions is ours even if its weights were
 * changed.
 */
function isOwn(rule: JsonObject, pair: Pair, entries: readonly JsonObject[]): boolean {
  const destinations = getObjects(rule, 'route');
  const canary = destinations.filter((each) => isTo(each, pair.canary, pair.namespace));
  const stable = destinations.filter((each) => isTo(each, pair.stable, pair.namespace));
  const sum = (list: JsonObject[]) => list.reduce((all, each) => all + (getNumber(each, 'weight') ?? 0), 0);
  const only = stable.length > 0 && canary.length + stable.length === destinations.length;
  const marked = sum(stable) === 0 && sum(canary) > 0 && sum(canary) < FULL;
  const [named, asks] = [getString(rule, 'name') === OWN_ROUTE, asksFor(rule, entries)];
  return only && (marked ? named || asks : named && asks);
}

function asksFor(rule: JsonObject, conditions: readonly JsonObject[]): boolean {
  const match = getObjects(rule, 'match');
  const holds = (entry: JsonObject, { header, is }: JsonObject) =>
    Object.entries(getObject(entry, 'headers') ?? {}).some(
      ([name, asked]) => name.toLowerCase() === header && equalJson(asked, is),
    );
  return match.length > 0 && match.every((entry) => conditions.some((condition) => holds(entry, condition)));
}

function mirrorOf(rule: JsonObject, pair: Pair): number {
  const copies = getObjects(rule, 'mirrors').filter((each) => isCopy(each, pair));
  return copies.reduce((all, each) => all + (getNumber(each, 'percentage', 'value') ?? FULL), 0);
}

const BESIDE: Beside = {
  list: 'http',
  entries: (context) => conditionsOf(context).map(({ header, is }) => ({ header, is })),
  isOwn,
  dress,
  dressCanary: (destination, { split, context }) =>
    split.matching ? sticking(destination, context) : destination,
  own,
  mirrorOf,
  isDressed: (destination, context) => equalJson(destination, sticking(destination, context)),
};

/** The name of a route in a sentence. */
export function label(object: KubeObject, { list, index, rule }: LiveRule): string {
  const name = getString(rule, 'name') ?? '';
  return `${list} route ${name === '' ? index + 1 : `"${name}"`} of VirtualService ${object.metadata.name}`;
}

export const VIRTUAL_SERVICES: InPlace = {
  resource: RESOURCES.virtualServices,
  shape: SHAPE,
  plural: 'routes',
  label,
  nameOf: hostOf,
  beside: BESIDE,
};
