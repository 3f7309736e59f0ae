import type { KubeObject } from '../../../api/kube.ts';
import type { Backends } from '../proxy/backends.ts';
import { Subsets } from './destination-rules.ts';
import { combined } from './header-edits.ts';
import type { Edits, HeaderEdits } from './header-edits.ts';
import { draw } from '../load/random.ts';
import type { Random } from '../../../lib/random.ts';
import { copiesFor, fullName, meshHost, toService } from './routing.ts';
import type { Mirroring, Routed, RoutedRequest, ServiceLabels } from './routing.ts';
import { abortOf, corsEditsOf, replyOf, transportOf } from './virtualservice-actions.ts';
import { VirtualServices, type Destination, type Entry, type Headers } from './virtualservice-entries.ts';
import { matches } from './virtualservice-matches.ts';

/**
 * Routes HTTP by VirtualServices: requests to the name of a Service like sidecars, all others like gateways.
 * The first route that matches wins; requests to a Service that is a host of no VirtualService go to that
 * Service.
 */
export class VirtualServiceTable {
  private readonly services: VirtualServices;
  private readonly backends: Backends;
  private readonly subsets: Subsets;

  constructor(objects: readonly KubeObject[], backends: Backends, subsets = new Subsets([], [])) {
    this.services = new VirtualServices(objects);
    this.backends = backends;
    this.subsets = subsets;
  }

  route(request: RoutedRequest, random: Random): Routed<ServiceLabels> {
    const service = meshHost(request.host);
    const within = service !== undefined;
    const entries = this.services.entriesFor(within ? fullName(service) : request.host, within);
    if (entries === undefined && within) return toService(this.backends, service);
    const entry = entries?.find((one) =>
      [one.asks, one.within].every((match) => match === undefined || matches(match, request, within)),
    );
    if (entry === undefined) return { status: 404, why: 'no VirtualService matches' };
    return replyOf(entry, request) ?? this.send(entry, request, random);
  }

  private send(entry: Entry, request: RoutedRequest, random: Random): Routed<ServiceLabels> {
    const { route = [], namespace } = entry;
    const weights = route.map(({ weight }) => weight ?? 0);
    // A single destination gets everything; of several, those without a weight get nothing.
    const index = route.length === 1 ? 0 : weights.some((weight) => weight > 0) ? draw(random, weights) : -1;
    const chosen = route[index];
    if (chosen === undefined) return { status: 500, why: 'the route has no destination' };
    const to = this.toDestination(chosen.destination, namespace);
    const abort = abortOf(entry, random);
    if (abort !== undefined) return { ...abort, ...(to.labels === undefined ? {} : { labels: to.labels }) };
    if (!('to' in to)) return to;
    const edits = combined(editsOf(entry.headers), editsOf(chosen.headers), corsEditsOf(entry, request));
    const copies = copiesFor(this.mirrorsOf(entry), random);
    const match = entry.asks?.uri === undefined ? entry.within : entry.asks;
    return { ...to, edits, copies, transport: transportOf(entry, match, request, random) };
  }

  private mirrorsOf({ mirror, mirrorPercentage, mirrors = [], namespace }: Entry): Mirroring[] {
    const one = mirror === undefined ? [] : [{ destination: mirror, percentage: mirrorPercentage }];
    return [...one, ...mirrors].map(({ destination, percentage }) => ({
      to: this.toDestination(destination, namespace),
      // JSON made from protobuf omits 0
      percent: percentage === undefined ? 100 : (percentage.value ?? 0),
    }));
  }

  private toDestination({ host, subset, port }: Destination, namespace: string): Routed<ServiceLabels> {
    const where = serviceOf(host, namespace);
    if (where === undefined) return { status: 503, why: `no Service has the name ${host}` };
    const all = toService(this.backends, where, port?.number);
    if (subset === undefined || !('to' in all)) return all;
    const isIn = this.subsets.find(where, subset);
    if (isIn === undefined)
      return { status: 503, why: `no DestinationRule has the subset ${subset}`, labels: where };
    const to = all.to.filter(isIn);
    return to.length === 0
      ? { status: 503, why: `no endpoint in the subset ${subset}`, labels: where }
      : { ...all, to };
  }
}

function editsOf({ request, response }: Headers = {}): Edits {
  const whole = (edits: Partial<HeaderEdits> | undefined): HeaderEdits[] =>
    edits === undefined ? [] : [{ set: {}, add: {}, remove: [], ...edits }];
  return { request: whole(request), response: whole(response) };
}

/** The Service that a host means; names without a dot belong to the VirtualService's namespace. */
function serviceOf(host: string, namespace: string): ServiceLabels | undefined {
  if (!host.includes('.')) return { namespace, service: host };
  const [, service, home] = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host) ?? [];
  return service === undefined || home === undefined ? undefined : { namespace: home, service };
}
