import type { KubeObject } from '../../../api/kube.ts';
import type { Random } from '../../../lib/random.ts';
import { draw } from '../load/random.ts';
import type { Backends } from '../proxy/backends.ts';
import { HttpProxies, type Entry, type HeaderCondition, type WeightedService } from './httpproxy-entries.ts';
import { copiesFor, headerOf, regexCovers, toService } from './routing.ts';
import type { Routed, RoutedRequest, ServiceLabels } from './routing.ts';

/**
 * Routes by HTTPProxies like Contour's Envoys: conditions, weights, copies and includes. Other settings of a
 * route (rewrites, redirects, timeouts, sessions) have no effect here.
 */
export class HttpProxyTable {
  private readonly proxies: HttpProxies;
  private readonly backends: Backends;

  constructor(objects: readonly KubeObject[], backends: Backends) {
    this.proxies = new HttpProxies(objects);
    this.backends = backends;
  }

  route(request: RoutedRequest, random: Random): Routed<ServiceLabels> {
    const entry = this.proxies.entriesFor(request.host)?.find((each) => takes(each, request));
    if (entry === undefined) return { status: 404, why: 'no HTTPProxy matches' };
    const split = entry.services.filter(({ mirror }) => mirror !== true);
    const given = split.map(({ weight }) => weight ?? 0);
    // If no service has a weight, all get equal shares.
    const weights = given.every((weight) => weight === 0) ? given.map(() => 1) : given;
    const chosen = split[draw(random, weights)];
    if (chosen === undefined) return { status: 503, why: 'the route has no service' };
    const to = this.toService(entry, chosen);
    if (!('to' in to)) return to;
    const mirrors = entry.services.filter(({ mirror }) => mirror === true);
    const percents = mirrors.map((each) => ({
      to: this.toService(entry, each),
      percent: each.weight ?? 100,
    }));
    return { ...to, copies: copiesFor(percents, random) };
  }

  /** Counted under the name that Contour gives the cluster in statistics. */
  private toService({ namespace }: Entry, { name, port }: WeightedService): Routed<ServiceLabels> {
    const to = toService(this.backends, { namespace, service: name }, port);
    if (to.labels === undefined) return to;
    return { ...to, labels: { ...to.labels, cluster: `${namespace}_${name}_${port}` } };
  }
}

function takes({ path, headers }: Entry, request: RoutedRequest): boolean {
  if (path.how === 'exact' && request.path !== path.value) return false;
  if (path.how === 'regex' && !regexCovers(path.value, request.path)) return false;
  if (path.how === 'prefix' && !request.path.startsWith(path.value)) return false;
  return headers.every((each) => covers(each, headerOf(request, each.name)));
}

function covers(asked: HeaderCondition, value: string | undefined): boolean {
  const { present, notpresent, contains, notcontains, exact, notexact } = asked;
  if (present === true || contains !== undefined || exact !== undefined) {
    if (value === undefined) return false;
    return value.includes(contains ?? '') && (exact === undefined || value === exact);
  }
  if (notpresent === true) return value === undefined;
  if (notexact !== undefined) return value !== notexact;
  return notcontains === undefined || value?.includes(notcontains) !== true;
}
