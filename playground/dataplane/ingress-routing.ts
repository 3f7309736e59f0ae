import type { KubeObject } from '../../api/kube.ts';
import type { Backends, Endpoint } from './backends.ts';
import type { Random } from './random.ts';
import { hostRank, prefixCovers } from './routing.ts';
import type { Routed, RoutedRequest } from './routing.ts';

/** Labels of nginx_ingress_controller_*: always the main location's; only `canary` tells the arms apart. */
export interface IngressLabels {
  namespace: string;
  ingress: string;
  service: string;
  canary: string;
  host: string;
  path: string;
}

interface RawBackend {
  service?: { name: string; port?: { number?: number; name?: string } };
}

interface RawRule {
  host?: string;
  http?: { paths?: { path?: string; pathType?: string; backend: RawBackend }[] };
}

/** An upstream is a Service port as the Ingress writes it: by name and by number are two upstreams. */
interface Upstream {
  id: string;
  endpoints: readonly Endpoint[];
  alternatives: Upstream[];
  shaping?: Shaping;
}

interface Shaping {
  weight: number;
  total: number;
  header: string;
  headerValue: string;
  cookie: string;
}

interface Location {
  host: string;
  path: string;
  pathType: string;
  ingress: KubeObject;
  service: string;
  upstream: Upstream;
}

interface Path extends Omit<Location, 'upstream'> {
  backend: RawBackend;
}

const PREFIX = 'nginx.ingress.kubernetes.io/';

/** Routes as ingress-nginx does: canaries hang on the main Ingress's upstream for the same host, path and pathType. */
export class IngressTable {
  private readonly upstreams = new Map<string, Upstream>();
  private readonly locations: Location[] = [];
  private readonly backends: Backends;

  constructor(ingresses: KubeObject[], backends: Backends) {
    this.backends = backends;
    const sorted = ingresses.filter(ours).toSorted(byAge);
    for (const ingress of sorted.filter((one) => !isCanary(one))) this.addMain(ingress);
    for (const ingress of sorted.filter(isCanary)) this.addCanary(ingress);
    this.locations.sort((a, b) => rank(b) - rank(a));
  }

  route(request: RoutedRequest, random: Random): Routed<IngressLabels> {
    const host = Math.max(...this.locations.map((location) => hostRank(location.host, request.host)));
    const location = this.locations.find(
      (one) => hostRank(one.host, request.host) === host && host >= 0 && covers(one, request.path),
    );
    if (location === undefined) return { status: 404, why: 'no Ingress matches' };
    const { upstream } = location;
    const labels: IngressLabels = {
      namespace: location.ingress.metadata.namespace ?? '',
      ingress: location.ingress.metadata.name,
      service: location.service,
      canary: '',
      host: location.host,
      path: location.path,
    };
    // as nginx: without a stable endpoint there is no balancer, even if the canary could answer
    if (upstream.endpoints.length === 0)
      return { status: 503, why: `no endpoint for ${upstream.id}`, labels };
    const canary = upstream.alternatives[0];
    if (canary?.shaping === undefined || canary.endpoints.length === 0)
      return { to: upstream.endpoints, labels };
    if (!toCanary(canary.shaping, request, random)) return { to: upstream.endpoints, labels };
    return { to: canary.endpoints, labels: { ...labels, canary: canary.id } };
  }

  private addMain(ingress: KubeObject): void {
    for (const path of pathsOf(ingress)) {
      const upstream = this.upstream(path);
      if (upstream !== undefined) this.locations.push({ ...path, upstream });
    }
  }

  /** One path without a match switches the whole canary Ingress off, as in ingress-nginx. */
  private addCanary(ingress: KubeObject): void {
    const paths = pathsOf(ingress);
    const mains = paths.map((path) =>
      this.locations.find(
        (main) => main.host === path.host && main.path === path.path && main.pathType === path.pathType,
      ),
    );
    if (mains.includes(undefined)) return;
    for (const [index, path] of paths.entries()) {
      const main = mains[index]?.upstream;
      const upstream = this.upstream(path);
      if (main === undefined || upstream === undefined || upstream === main) continue;
      upstream.shaping ??= shapingOf(ingress);
      if (!main.alternatives.includes(upstream)) main.alternatives.push(upstream);
    }
  }

  private upstream(path: Path): Upstream | undefined {
    const { service } = path.backend;
    const port = service?.port?.name ?? service?.port?.number;
    if (service === undefined || port === undefined) return undefined;
    const namespace = path.ingress.metadata.namespace ?? '';
    const id = `${namespace}-${service.name}-${port}`;
    const known = this.upstreams.get(id);
    if (known !== undefined) return known;
    const endpoints = this.backends.endpoints(namespace, service.name, port) ?? [];
    const upstream: Upstream = { id, endpoints, alternatives: [] };
    this.upstreams.set(id, upstream);
    return upstream;
  }
}

function pathsOf(ingress: KubeObject): Path[] {
  const rules = (ingress.spec?.['rules'] ?? []) as unknown as RawRule[];
  return rules.flatMap((rule) =>
    (rule.http?.paths ?? []).map((path) => ({
      host: rule.host ?? '',
      path: path.path ?? '',
      pathType: path.pathType ?? 'ImplementationSpecific',
      ingress,
      service: path.backend.service?.name ?? '',
      backend: path.backend,
    })),
  );
}

function toCanary(shaping: Shaping, request: RoutedRequest, random: Random): boolean {
  const header = shaping.header === '' ? undefined : request.headers[shaping.header.toLowerCase()];
  if (header !== undefined) {
    if (shaping.headerValue === '' ? header === 'always' : header === shaping.headerValue) return true;
    if (shaping.headerValue === '' && header === 'never') return false;
  }
  const cookie = shaping.cookie === '' ? undefined : cookieOf(request, shaping.cookie);
  if (cookie === 'always') return true;
  if (cookie === 'never') return false;
  return random() * shaping.total < shaping.weight;
}

function cookieOf(request: RoutedRequest, name: string): string | undefined {
  const cookies = String(request.headers['cookie'] ?? '').split(/; */);
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

function shapingOf(ingress: KubeObject): Shaping {
  const text = (name: string): string => ingress.metadata.annotations?.[PREFIX + name] ?? '';
  const whole = (name: string, fallback: number): number =>
    /^[+-]?\d+$/.test(text(name)) ? Number(text(name)) : fallback;
  return {
    weight: whole('canary-weight', 0),
    total: Math.max(whole('canary-weight-total', 100), 100),
    header: text('canary-by-header'),
    headerValue: text('canary-by-header-value'),
    cookie: text('canary-by-cookie'),
  };
}

function isCanary(ingress: KubeObject): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(
    ingress.metadata.annotations?.[`${PREFIX}canary`] ?? '',
  );
}

function ours(ingress: KubeObject): boolean {
  const named =
    ingress.spec?.['ingressClassName'] ?? ingress.metadata.annotations?.['kubernetes.io/ingress.class'];
  return named === undefined || named === 'nginx';
}

function byAge(a: KubeObject, b: KubeObject): number {
  return (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
}

/** Exact before prefix, longer before shorter. */
function rank(location: Location): number {
  return (location.pathType === 'Exact' ? 10_000 : 0) + location.path.length;
}

function covers(location: Location, path: string): boolean {
  if (location.pathType === 'Exact') return path === location.path;
  if (location.pathType === 'Prefix') return prefixCovers(location.path, path);
  return path.startsWith(location.path);
}
