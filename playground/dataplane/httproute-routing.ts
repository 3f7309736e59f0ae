import type { KubeObject } from '../../api/kube.ts';
import type { Backends, Endpoint } from './backends.ts';
import { draw } from './random.ts';
import type { Random } from './random.ts';
import { hostRank, prefixCovers } from './routing.ts';
import type { Routed, RoutedRequest, ServiceLabels } from './routing.ts';

interface Match {
  path?: { type?: string; value?: string };
  headers?: { type?: string; name: string; value: string }[];
  queryParams?: { type?: string; name: string; value: string }[];
  method?: string;
}

export interface BackendRef {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
  port?: number;
  weight?: number;
}

interface Rule {
  matches?: Match[];
  backendRefs?: BackendRef[];
}

interface Entry {
  hostname: string;
  match: Match;
  namespace: string;
  backends: Backend[];
  weights: number[];
}

interface Backend extends ServiceLabels {
  /** undefined: the reference is invalid, its share is answered 500 */
  endpoints: readonly Endpoint[] | undefined;
}

/** Routes by HTTPRoutes: the most specific match over all routes wins, ties go to the oldest route. */
export class HttpRouteTable {
  private readonly entries: Entry[];
  private readonly backends: Backends;

  /** `routes`: only those their Gateway has accepted */
  constructor(routes: KubeObject[], backends: Backends) {
    this.backends = backends;
    this.entries = routes
      .toSorted(byAge)
      .flatMap((route) => this.entriesOf(route))
      .toSorted((a, b) => compare(specificity(b.match), specificity(a.match)));
  }

  route(request: RoutedRequest, random: Random): Routed<ServiceLabels> {
    const best = Math.max(...this.entries.map((entry) => hostRank(entry.hostname, request.host)));
    const entry = this.entries.find(
      (one) => best >= 0 && hostRank(one.hostname, request.host) === best && matches(one.match, request),
    );
    if (entry === undefined) return { status: 404, why: 'no HTTPRoute matches' };
    if (entry.weights.every((weight) => weight === 0)) return { status: 500, why: 'all weights are zero' };
    const backend = entry.backends[draw(random, entry.weights)];
    if (backend === undefined) return { status: 500, why: 'the rule has no backend' };
    const labels = { namespace: backend.namespace, service: backend.service };
    if (backend.endpoints === undefined) return { status: 500, why: `no Service ${backend.service}`, labels };
    if (backend.endpoints.length === 0)
      return { status: 503, why: `no endpoint of ${backend.service}`, labels };
    return { to: backend.endpoints, labels };
  }

  private entriesOf(route: KubeObject): Entry[] {
    const namespace = route.metadata.namespace ?? '';
    const hostnames = (route.spec?.['hostnames'] as string[] | undefined) ?? [''];
    const rules = (route.spec?.['rules'] ?? []) as unknown as Rule[];
    return rules.flatMap((rule) => {
      const refs = rule.backendRefs ?? [];
      const backends = refs.map((ref) => this.backend(namespace, ref));
      const weights = refs.map((ref) => ref.weight ?? 1);
      const list = rule.matches ?? [{}];
      return hostnames.flatMap((hostname) =>
        list.map((match) => ({ hostname, match, namespace, backends, weights })),
      );
    });
  }

  private backend(namespace: string, ref: BackendRef): Backend {
    const isService = (ref.kind ?? 'Service') === 'Service' && (ref.group ?? '') === '';
    const foreign = ref.namespace !== undefined && ref.namespace !== namespace;
    const usable = isService && !foreign && ref.port !== undefined;
    const endpoints = usable ? this.backends.endpoints(namespace, ref.name, ref.port ?? 0) : undefined;
    return { namespace: ref.namespace ?? namespace, service: ref.name, endpoints };
  }
}

function matches(match: Match, request: RoutedRequest): boolean {
  if (match.method !== undefined && match.method !== request.method) return false;
  if (!pathMatches(match.path ?? {}, request.path)) return false;
  const headers = match.headers ?? [];
  if (!headers.every((one) => valueMatches(one, headerOf(request, one.name)))) return false;
  return (match.queryParams ?? []).every((one) =>
    valueMatches(one, request.query.get(one.name) ?? undefined),
  );
}

function pathMatches(path: { type?: string; value?: string }, actual: string): boolean {
  const value = path.value ?? '/';
  if (path.type === 'Exact') return actual === value;
  if (path.type === 'RegularExpression') return new RegExp(`^(?:${value})$`).test(actual);
  return prefixCovers(value, actual);
}

function valueMatches(wanted: { type?: string; value: string }, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  if (wanted.type === 'RegularExpression') return new RegExp(`^(?:${wanted.value})$`).test(actual);
  return wanted.value === actual;
}

function headerOf(request: RoutedRequest, name: string): string | undefined {
  const value = request.headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Exact path, longest path, method, most headers, most query parameters: the order the Gateway API gives. */
function specificity(match: Match): number[] {
  return [
    match.path?.type === 'Exact' ? 1 : 0,
    (match.path?.value ?? '/').length,
    match.method === undefined ? 0 : 1,
    match.headers?.length ?? 0,
    match.queryParams?.length ?? 0,
  ];
}

function compare(a: number[], b: number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

function byAge(a: KubeObject, b: KubeObject): number {
  return (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
}
