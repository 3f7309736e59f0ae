import { equalJson, getNumber, getObject, getObjects, getString, stableStringify } from '../api/json.ts';
import type { JsonObject, JsonPatchOp, KubeObject } from '../api/kube.ts';
import { hash5 } from './naming.ts';
import { weightPatch } from './weight-patch.ts';
import { FULL, scaled, split } from './weights.ts';

/** The lists of a VirtualService that hold routes with weighted destinations. */
const PROTOCOLS = ['http', 'tls', 'tcp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What one route held before the first edit: how to find it again, and the weights of its stable destinations in order. */
export interface RecordedRoute {
  protocol: Protocol;
  /** only http routes have one; nothing makes it unique */
  name?: string;
  /** hash of the route without name and destinations */
  fingerprint: string;
  /** null: the destination had no weight */
  weights: (number | null)[];
}

/** The two Services a split is about, in the namespace of the VirtualService. */
export interface Hosts {
  namespace: string;
  stable: string;
  canary: string;
}

export interface LiveRoute {
  protocol: Protocol;
  index: number;
  route: JsonObject;
  destinations: JsonObject[];
  stable: JsonObject[];
  canary: JsonObject[];
  foreign: JsonObject[];
  /** undefined before the first edit, or for a route that came later */
  recorded: RecordedRoute | undefined;
}

/**
 * Does a host of a VirtualService mean that Service? istiod completes names without a dot with the VirtualService's own
 * namespace and takes every other name as it is, so "web.shop" is no Service to it.
 */
export function isHostOf(host: string, service: string, namespace: string): boolean {
  return host === service || host.startsWith(`${service}.${namespace}.svc.`);
}

export const hostOf = (destination: JsonObject): string =>
  getString(destination, 'destination', 'host') ?? '';

/** Every route of a VirtualService, delegating, redirecting and direct answers included. */
const routesOf = (object: KubeObject): { protocol: Protocol; index: number; route: JsonObject }[] =>
  PROTOCOLS.flatMap((protocol) =>
    getObjects(object, 'spec', protocol).map((route, index) => ({ protocol, index, route })),
  );

export function sendsTo(object: KubeObject, service: string): boolean {
  const namespace = object.metadata.namespace ?? '';
  return routesOf(object).some(({ route }) =>
    getObjects(route, 'route').some((each) => isHostOf(hostOf(each), service, namespace)),
  );
}

/** Every route that sends to the stable or the canary Service, each with its record if one is found. */
export function routesInScope(
  object: KubeObject,
  hosts: Hosts,
  recorded: readonly RecordedRoute[],
): LiveRoute[] {
  const routes = routesOf(object).map(({ protocol, index, route }): LiveRoute => {
    const destinations = getObjects(route, 'route');
    const to = (service: string) =>
      destinations.filter((each) => isHostOf(hostOf(each), service, hosts.namespace));
    const stable = to(hosts.stable);
    const canary = to(hosts.canary);
    const foreign = destinations.filter((each) => !stable.includes(each) && !canary.includes(each));
    return { protocol, index, route, destinations, stable, canary, foreign, recorded: undefined };
  });
  return withRecords(
    routes.filter(({ stable, canary }) => stable.length + canary.length > 0),
    recorded,
  );
}

/**
 * Finds each route's record among those of its protocol: unchanged, then by name, then by what else it says, and last,
 * for a route we have edited and whose matches were changed since, by order. Indexes are not trusted: routes may be
 * inserted, moved and removed during a release.
 */
function withRecords(routes: LiveRoute[], recorded: readonly RecordedRoute[]): LiveRoute[] {
  const left = [...recorded];
  const found = new Map<LiveRoute, RecordedRoute>();
  const take = (fits: (route: LiveRoute, record: RecordedRoute) => boolean) => {
    for (const route of routes) {
      if (found.has(route)) continue;
      const at = left.findIndex((record) => record.protocol === route.protocol && fits(route, record));
      if (at >= 0) found.set(route, ...(left.splice(at, 1) as [RecordedRoute]));
    }
  };
  const sameName = ({ route }: LiveRoute, { name }: RecordedRoute) => getString(route, 'name') === name;
  const sameRest = ({ route }: LiveRoute, record: RecordedRoute) =>
    fingerprintOf(route) === record.fingerprint;
  take((route, record) => sameName(route, record) && sameRest(route, record));
  take((route, record) => record.name !== undefined && sameName(route, record));
  take(sameRest);
  take(({ canary }) => canary.length > 0);
  return routes.map((route) => ({ ...route, recorded: found.get(route) }));
}

function fingerprintOf(route: JsonObject): string {
  const rest = { ...route };
  delete rest['name'];
  delete rest['route'];
  return hash5(stableStringify(rest));
}

export function recordRoute({ protocol, route, stable }: LiveRoute): RecordedRoute {
  const name = getString(route, 'name');
  return {
    protocol,
    ...(name === undefined ? {} : { name }),
    fingerprint: fingerprintOf(route),
    weights: stable.map((each) => getNumber(each, 'weight') ?? null),
  };
}

/** Shares of destinations: without a weight 0, but an only destination gets everything whatever its weight says. */
function sharesOf(weights: readonly (number | null)[]): number[] {
  const shares = weights.map((weight) => weight ?? 0);
  return shares.length === 1 && shares[0] === 0 ? [FULL] : shares;
}

const weightOf = (destination: JsonObject): number => getNumber(destination, 'weight') ?? 0;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Percent of this route's requests that go to the canary; undefined if every weight is 0, which istiod refuses. */
export function percentOf({ destinations, canary }: LiveRoute): number | undefined {
  if (destinations.length === 1) return canary.length === 1 ? 100 : 0;
  const total = sum(destinations.map(weightOf));
  // Rounded: totals are at least 100 while split, so whole percents are told apart.
  return total === 0 ? undefined : Math.round((100 * sum(canary.map(weightOf))) / total);
}

/** The route's destinations with `percent` on the canary. A route without a canary is at 0 and stays as it is. */
export function splitDestinations(live: LiveRoute, hosts: Hosts, percent: number): JsonObject[] {
  if (percent === 0 && live.canary.length === 0) return live.destinations;
  const parts = split(scaled(sharesOf(originalWeights(live))), percent);
  return rebuild(live, hosts, (destination, k) => {
    const { stable, canary } = parts[k] ?? { stable: weightOf(destination), canary: 0 };
    return [
      { ...destination, weight: stable },
      { ...asCanary(destination, hosts), weight: canary },
    ];
  });
}

/** The route's destinations as they were before the first edit; what others changed meanwhile stays. */
export function restoredDestinations(live: LiveRoute, hosts: Hosts): JsonObject[] {
  if (live.canary.length === 0) return live.destinations;
  const weights = originalWeights(live);
  return rebuild(live, hosts, (destination, k) => {
    const weight = weights[k] ?? null;
    if (weight !== null) return [{ ...destination, weight }];
    const bare = { ...destination };
    delete bare['weight'];
    return [bare];
  });
}

/** Recorded weights by stable destination; for one without a record, what it and its canary hold together. */
function originalWeights(live: LiveRoute): (number | null)[] {
  return anchors(live).map((destination, k) => {
    const recorded = live.recorded?.weights[k];
    if (recorded !== undefined) return recorded;
    const canary = live.canary[k];
    if (canary === undefined) return getNumber(destination, 'weight') ?? null;
    return (live.stable[k] === undefined ? 0 : weightOf(destination)) + weightOf(canary);
  });
}

/** If somebody removed the stable destinations and left ours, ours stand for them: a canary is never alone. */
const anchors = ({ stable, canary }: LiveRoute): JsonObject[] => (stable.length > 0 ? stable : canary);

function rebuild(
  live: LiveRoute,
  hosts: Hosts,
  replace: (stable: JsonObject, k: number) => JsonObject[],
): JsonObject[] {
  return live.destinations.flatMap((destination) => {
    const k = anchors(live).indexOf(destination);
    if (k >= 0) return replace(asStable(destination, hosts), k);
    return live.canary.includes(destination) ? [] : [destination];
  });
}

/** A subset is of the stable Service's DestinationRule: under the canary's host Envoy would answer 503 for it. */
function asCanary(destination: JsonObject, { stable, canary }: Hosts): JsonObject {
  const rest = { ...getObject(destination, 'destination') };
  delete rest['subset'];
  const host = `${canary}${hostOf(destination).slice(stable.length)}`;
  return { ...destination, destination: { ...rest, host } };
}

function asStable(destination: JsonObject, { stable, canary, namespace }: Hosts): JsonObject {
  if (!isHostOf(hostOf(destination), canary, namespace)) return destination;
  const host = `${stable}${hostOf(destination).slice(canary.length)}`;
  return { ...destination, destination: { ...getObject(destination, 'destination'), host } };
}

/** Operations that turn a route's destinations into `wanted`, guarded by the whole route as it was read at its place. */
export function patchRoute(
  { protocol, index, route, destinations }: LiveRoute,
  wanted: JsonObject[],
): JsonPatchOp[] {
  if (equalJson(destinations, wanted)) return [];
  const path = `/spec/${protocol}/${index}`;
  return [{ op: 'test', path, value: route }, ...weightPatch(`${path}/route`, destinations, wanted)];
}
