import type { KubeObject } from '../../api/kube.ts';
import type { Backends } from './backends.ts';
import { combined } from './header-edits.ts';
import type { Edits, HeaderEdits } from './header-edits.ts';
import { draw } from './random.ts';
import type { Random } from './random.ts';
import {
  copiesFor,
  fullName,
  headerOf,
  hostRank,
  meshHost,
  prefixCovers,
  regexCovers,
  toService,
} from './routing.ts';
import type { Mirroring, Routed, RoutedRequest, ServiceLabels } from './routing.ts';

interface StringMatch {
  exact?: string;
  prefix?: string;
  regex?: string;
}

interface Match {
  uri?: StringMatch;
  method?: StringMatch;
  headers?: Record<string, StringMatch>;
}

interface Destination {
  host: string;
  subset?: string;
  port?: { number?: number };
}

interface Headers {
  request?: Partial<HeaderEdits>;
  response?: Partial<HeaderEdits>;
}

interface HttpRoute {
  match?: Match[];
  route?: { destination: Destination; weight?: number; headers?: Headers }[];
  headers?: Headers;
  mirror?: Destination;
  /** percent; absent: everything */
  mirrorPercentage?: { value?: number };
  mirrors?: { destination: Destination; percentage?: { value?: number } }[];
  delegate?: { name: string; namespace?: string };
}

/** An http route with what it needs of the VirtualService that holds it. */
interface Entry extends HttpRoute {
  namespace: string;
  /** of a delegate: what the route that calls it asks for besides */
  within?: Match[];
}

interface Table {
  /** in full where it is the name of a Service */
  hosts: string[];
  routes: Entry[];
}

/**
 * Routes HTTP by VirtualServices, for gateways and sidecars alike: the best host, then the oldest VirtualService, then
 * the first route that matches. A Service that no VirtualService has as a host is reached by its own name.
 */
export class VirtualServiceTable {
  private readonly tables: Table[];
  private readonly backends: Backends;

  constructor(objects: KubeObject[], backends: Backends) {
    this.backends = backends;
    this.tables = objects
      .toSorted((a, b) => age(a).localeCompare(age(b)))
      .map((object) => ({ hosts: hostsOf(object), routes: entriesOf(object, objects) }))
      .filter(({ hosts }) => hosts.length > 0);
  }

  route(request: RoutedRequest, random: Random): Routed<ServiceLabels> {
    const service = meshHost(request.host);
    const host = service === undefined ? request.host : fullName(service);
    const rank = (table: Table): number => Math.max(...table.hosts.map((pattern) => hostRank(pattern, host)));
    const best = Math.max(...this.tables.map(rank));
    const table = this.tables.find((one) => best >= 0 && rank(one) === best);
    if (table === undefined && service !== undefined) return toService(this.backends, service);
    const entry = table?.routes.find(({ match, within }) =>
      [match, within].every((any) => any === undefined || any.some((one) => matches(one, request))),
    );
    if (entry === undefined) return { status: 404, why: 'no VirtualService matches' };
    return this.send(entry, random);
  }

  private send(entry: Entry, random: Random): Routed<ServiceLabels> {
    const { route = [], namespace } = entry;
    const weights = route.map(({ weight }) => weight ?? 0);
    // An only destination gets everything; of several, those without weight get nothing.
    const index = route.length === 1 ? 0 : weights.some((weight) => weight > 0) ? draw(random, weights) : -1;
    const chosen = route[index];
    if (chosen === undefined) return { status: 500, why: 'the route has no destination' };
    const to = this.toDestination(chosen.destination, namespace);
    if (!('to' in to)) return to;
    const edits = combined(editsOf(entry.headers), editsOf(chosen.headers));
    return { ...to, edits, copies: copiesFor(this.mirrorsOf(entry), random) };
  }

  private mirrorsOf({ mirror, mirrorPercentage, mirrors = [], namespace }: Entry): Mirroring[] {
    const one = mirror === undefined ? [] : [{ destination: mirror, percentage: mirrorPercentage }];
    return [...one, ...mirrors].map(({ destination, percentage }) => ({
      to: this.toDestination(destination, namespace),
      // 0 is not written in JSON made of protobuf
      percent: percentage === undefined ? 100 : (percentage.value ?? 0),
    }));
  }

  private toDestination({ host, subset, port }: Destination, namespace: string): Routed<ServiceLabels> {
    const where = serviceOf(host, namespace);
    if (where === undefined) return { status: 503, why: `no Service has the name ${host}` };
    if (subset !== undefined) {
      return { status: 503, why: `no DestinationRule has the subset ${subset}`, labels: where };
    }
    return toService(this.backends, where, port?.number);
  }
}

const age = (object: KubeObject): string => object.metadata.creationTimestamp ?? '';

function editsOf({ request, response }: Headers = {}): Edits {
  const whole = (edits: Partial<HeaderEdits> | undefined): HeaderEdits[] =>
    edits === undefined ? [] : [{ set: {}, add: {}, remove: [], ...edits }];
  return { request: whole(request), response: whole(response) };
}

/** The Service that a host means; names without a dot are of the VirtualService's namespace. */
function serviceOf(host: string, namespace: string): ServiceLabels | undefined {
  if (!host.includes('.')) return { namespace, service: host };
  const [, service, home] = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host) ?? [];
  return service === undefined || home === undefined ? undefined : { namespace: home, service };
}

function hostsOf(object: KubeObject): string[] {
  const namespace = object.metadata.namespace ?? '';
  const hosts = (object.spec?.['hosts'] ?? []) as string[];
  return hosts.map((host) =>
    host.includes('.') || host === '*' ? host : fullName({ namespace, service: host }),
  );
}

/** Delegates stand where they are called from, one level deep; one that is missing is left out. */
function entriesOf(object: KubeObject, all: KubeObject[], deep = true): Entry[] {
  const namespace = object.metadata.namespace ?? '';
  const routes = (object.spec?.['http'] ?? []) as unknown as HttpRoute[];
  return routes.flatMap((route): Entry[] => {
    if (route.delegate === undefined) return [{ ...route, namespace }];
    const { name, namespace: home = namespace } = route.delegate;
    const delegate = all.find(({ metadata }) => metadata.name === name && metadata.namespace === home);
    if (delegate === undefined || !deep) return [];
    const within = route.match === undefined ? {} : { within: route.match };
    return entriesOf(delegate, all, false).map((entry) => ({ ...entry, ...within }));
  });
}

function matches({ uri, method, headers = {} }: Match, request: RoutedRequest): boolean {
  if (!textMatches(uri, request.path, prefixCovers)) return false;
  if (!textMatches(method, request.method)) return false;
  return Object.entries(headers).every(([name, wanted]) => {
    const value = headerOf(request, name);
    return value !== undefined && textMatches(wanted, value);
  });
}

function textMatches(
  wanted: StringMatch | undefined,
  actual: string,
  covers = (prefix: string, text: string): boolean => text.startsWith(prefix),
): boolean {
  if (wanted?.exact !== undefined) return actual === wanted.exact;
  if (wanted?.prefix !== undefined) return covers(wanted.prefix, actual);
  return wanted?.regex === undefined || regexCovers(wanted.regex, actual);
}
