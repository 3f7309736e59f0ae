import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../../../api/kube.ts';
import { foreign, foreignPage } from '../../walls.ts';
import { ApiClient, Mirror, pathOf } from './api-client.ts';
import type { ApiAccess } from './api-client.ts';
import { Backends } from './backends.ts';
import { Subsets } from '../routing/destination-rules.ts';
import { Between } from './envoy-clusters.ts';
import { Forwarder, fail, reply } from './forward.ts';
import type { Answer } from './forward.ts';
import { GatewayMetrics } from '../metrics/gateway-metrics.ts';
import type { Served } from '../metrics/served.ts';
import { proxyStatusOf } from '../routing/httpproxy-status.ts';
import { HttpProxyTable } from '../routing/httpproxy-routing.ts';
import { IngressTable } from '../routing/ingress-routing.ts';
import { ProfileTable } from '../routing/profile-routing.ts';
import type { Random } from '../../../lib/random.ts';
import { parentsOf } from '../routing/route-status.ts';
import { RouteTable } from '../routing/route-table.ts';
import type { Copy, Routed, RoutedRequest, ServiceLabels } from '../routing/routing.ts';
import { scrapeTargets } from '../metrics/scrape-targets.ts';
import { ServiceTable } from '../routing/service-routing.ts';
import { SmiExtension } from '../routing/smi-extension.ts';
import { VirtualServiceTable } from '../routing/virtualservice-routing.ts';

export interface GatewayOptions {
  access: ApiAccess;
  random: Random;
  /** the time from a change in the API until requests follow it */
  propagationMs: number;
}

export interface GatewayPorts {
  /** traffic routed by HTTPRoutes and GRPCRoutes, from outside and within the mesh */
  routes: number;
  /** traffic routed by Ingresses */
  ingress: number;
  /** traffic routed by VirtualServices, from outside and within the mesh */
  istio: number;
  /** traffic of a meshed client of Linkerd */
  linkerd: number;
  /** traffic routed by HTTPProxies */
  contour: number;
  /** traffic to Services, split among their endpoints */
  services: number;
  /** /metrics, and /targets: the pods to scrape */
  metrics: number;
}

/** Measured: of 200 requests a second, a real Envoy lost five when Envoy Gateway renamed a cluster. */
const RENAMING_MS = 25;
const TARGETS_PATH = '/targets';
const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const CONTOUR = 'projectcontour.io/v1';
const KINDS = {
  services: ['v1', 'services'],
  slices: ['discovery.k8s.io/v1', 'endpointslices'],
  ingresses: ['networking.k8s.io/v1', 'ingresses'],
  httpRoutes: [GATEWAY_API, 'httproutes'],
  grpcRoutes: [GATEWAY_API, 'grpcroutes'],
  gateways: [GATEWAY_API, 'gateways'],
  httpProxies: [CONTOUR, 'httpproxies'],
  virtualServices: ['networking.istio.io/v1', 'virtualservices'],
  destinationRules: ['networking.istio.io/v1', 'destinationrules'],
  splits: ['split.smi-spec.io/v1alpha1', 'trafficsplits'],
  profiles: ['linkerd.io/v1alpha2', 'serviceprofiles'],
} as const satisfies Record<string, readonly [string, string]>;
type Kind = keyof typeof KINDS;

type Count = (where: ServiceLabels, served: Served) => void;

interface Exchange {
  request: http.IncomingMessage;
  response: http.ServerResponse;
}

/** Answers where a request to one port goes. */
interface Table {
  route(request: RoutedRequest, random: Random): Routed<ServiceLabels>;
}

/**
 * The data plane: routes every request at random by the live objects, like Ingress-NGINX, a Gateway or a
 * mesh.
 */
export class Gateway {
  private readonly options: GatewayOptions;
  private readonly client: ApiClient;
  private readonly metrics = new GatewayMetrics();
  private readonly forwarder: Forwarder;
  private readonly mirrors: Record<Kind, Mirror>;
  private readonly pods: Mirror;
  private readonly smi: SmiExtension;
  private readonly servers: http.Server[] = [];
  private ingresses = new IngressTable([], new Backends([], []));
  private routes = new RouteTable({ http: [], grpc: [], gateways: [] }, new Backends([], []));
  /** the table for requests: `routes`, or the transition from the routes before to those */
  private routing: Table = this.routes;
  private virtualServices: Table = new VirtualServiceTable([], new Backends([], []));
  private profiles: Table = new ProfileTable([], new Backends([], []));
  private httpProxies: Table = new HttpProxyTable([], new Backends([], []));
  private plain: Table = new ServiceTable(new Backends([], []));
  private pending = false;
  private writing = false;
  private statusStale = false;

  constructor(options: GatewayOptions) {
    this.options = options;
    this.client = new ApiClient(options.access);
    this.forwarder = new Forwarder(options.random);
    const mirrors = Object.entries(KINDS).map(([kind, [apiVersion, plural]]) => {
      const path = pathOf(apiVersion, plural);
      return [kind, new Mirror({ client: this.client, path, onChange: () => this.changed() })];
    });
    this.mirrors = Object.fromEntries(mirrors) as Record<Kind, Mirror>;
    this.pods = new Mirror({
      client: this.client,
      path: pathOf('v1', 'pods'),
      onChange: () => this.changed(),
    });
    const { splits, profiles } = this.mirrors;
    this.smi = new SmiExtension({ client: this.client, splits, profiles });
  }

  /** Listens on free loopback ports. */
  async listen(): Promise<GatewayPorts> {
    return {
      routes: await this.serve(
        (request, response) => void this.viaEnvoy(this.routing, { request, response }),
      ),
      ingress: await this.serve((request, response) => void this.viaIngress(request, response)),
      istio: await this.serve((request, response) => void this.viaIstio(request, response)),
      linkerd: await this.serve((request, response) => void this.viaLinkerd(request, response)),
      contour: await this.serve(
        (request, response) => void this.viaEnvoy(this.httpProxies, { request, response }),
      ),
      services: await this.serve((request, response) => void this.viaServices(request, response)),
      metrics: await this.serve((request, response) => void this.sendMetrics(request, response)),
    };
  }

  close(): void {
    for (const mirror of [...Object.values(this.mirrors), this.pods]) mirror.stop();
    for (const server of this.servers) {
      server.close();
      server.closeAllConnections();
    }
    this.forwarder.close();
  }

  private async viaIngress(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const started = performance.now();
    const routed = this.ingresses.route(describe(request), this.options.random);
    const answer = await this.answer(routed, { request, response });
    if (routed.labels === undefined) return;
    this.metrics.ingress(routed.labels, served(request, answer, since(started)));
  }

  private async viaEnvoy(table: Table, exchange: Exchange): Promise<void> {
    const { path } = describe(exchange.request);
    await this.via(table, exchange, (where, served) => this.metrics.routed(where, path, served));
  }

  private async viaIstio(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const count: Count = (where, served) => this.metrics.istio(where, served);
    await this.via(this.virtualServices, { request, response }, count);
  }

  private async viaLinkerd(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    await this.via(this.profiles, { request, response }, (where, served) =>
      this.metrics.inbound(where, served),
    );
  }

  /** No proxy between client and pod counts. */
  private async viaServices(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    await this.via(this.plain, { request, response }, () => undefined);
  }

  private async via(table: Table, exchange: Exchange, count: Count): Promise<void> {
    const started = performance.now();
    const { request } = exchange;
    const routed = table.route(describe(request), this.options.random);
    const answer = await this.answer(routed, exchange);
    if (routed.labels !== undefined) count(routed.labels, served(request, answer, since(started)));
  }

  private async answer(routed: Routed<unknown>, { request, response }: Exchange): Promise<Answer> {
    if ('to' in routed) {
      const { to: endpoints, edits, transport, copies } = routed;
      const onCopy = ({ labels }: Copy, answer: Answer, seconds: number): void =>
        this.metrics.copied(labels, describe(request).path, served(request, answer, seconds));
      return await this.forwarder.forward({ request, response, endpoints, edits, transport, copies, onCopy });
    }
    request.resume();
    if (routed.reply !== undefined) return reply(response, routed.status, routed.reply);
    return fail(response, routed.status, routed.why);
  }

  private async sendMetrics(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const why = foreign(request);
    if (why !== undefined) return void response.writeHead(403).end(`${why}\n`);
    if (request.url === TARGETS_PATH) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(scrapeTargets(this.pods.all())));
      return;
    }
    response.writeHead(200, { 'content-type': this.metrics.registry.contentType });
    response.end(await this.metrics.registry.metrics());
  }

  /** The control plane answers at once; the data plane follows after the propagation time. */
  private changed(): void {
    void this.writeStatus();
    if (this.pending) return;
    this.pending = true;
    setTimeout(() => {
      this.pending = false;
      this.rebuild();
    }, this.options.propagationMs);
  }

  private rebuild(): void {
    const backends = this.backends();
    const { httpRoutes, grpcRoutes, gateways } = this.mirrors;
    this.ingresses = new IngressTable(this.mirrors.ingresses.all(), backends);
    const routes = { http: httpRoutes.all(), grpc: grpcRoutes.all(), gateways: gateways.all() };
    this.moveTo(new RouteTable(routes, backends));
    const subsets = new Subsets(this.mirrors.destinationRules.all(), this.pods.all());
    this.virtualServices = new VirtualServiceTable(this.mirrors.virtualServices.all(), backends, subsets);
    this.profiles = new ProfileTable(this.mirrors.profiles.all(), backends);
    this.httpProxies = new HttpProxyTable(this.mirrors.httpProxies.all(), backends);
    this.plain = new ServiceTable(backends);
  }

  private moveTo(routes: RouteTable): void {
    const kept = routes.clusters();
    const renamed = [...this.routes.clusters()].some((cluster) => !kept.has(cluster));
    this.routing = renamed ? new Between(this.routes, kept) : routes;
    this.routes = routes;
    if (!renamed) return;
    setTimeout(() => {
      if (this.routes === routes) this.routing = routes;
    }, RENAMING_MS);
  }

  private backends(): Backends {
    return new Backends(this.mirrors.services.all(), this.mirrors.slices.all());
  }

  /**
   * Writes the status that control planes write. One write runs at a time; a lost write is repeated after the
   * next change or after half a second.
   */
  private async writeStatus(): Promise<void> {
    this.statusStale = true;
    if (this.writing) return;
    this.writing = true;
    try {
      while (this.isStale()) {
        this.statusStale = false;
        for (const kind of ['httpRoutes', 'grpcRoutes'] as const) {
          for (const route of this.mirrors[kind].all()) await this.writeStatusOf(kind, route);
        }
        for (const proxy of this.mirrors.httpProxies.all()) await this.writeStatusOfProxy(proxy);
        await this.smi.sync();
      }
    } catch {
      setTimeout(() => void this.writeStatus(), 500);
    } finally {
      this.writing = false;
    }
  }

  private isStale(): boolean {
    return this.statusStale;
  }

  private async writeStatusOf(kind: 'httpRoutes' | 'grpcRoutes', route: KubeObject): Promise<void> {
    const gateways = this.mirrors.gateways.all();
    const parents = parentsOf({ route, gateways, backends: this.backends(), now: rfc3339() });
    if (parents === undefined) return;
    const { namespace, name } = route.metadata;
    const path = `${pathOf(GATEWAY_API, KINDS[kind][1], namespace, name)}/status`;
    this.mirrors[kind].remember(await this.client.patch(path, 'merge', { status: { parents } }));
  }

  private async writeStatusOfProxy(proxy: KubeObject): Promise<void> {
    const status = proxyStatusOf(proxy, this.backends(), rfc3339());
    if (status === undefined) return;
    const { namespace, name } = proxy.metadata;
    const path = `${pathOf(CONTOUR, 'httpproxies', namespace, name)}/status`;
    this.mirrors.httpProxies.remember(await this.client.patch(path, 'merge', { status }));
  }

  private async serve(handler: http.RequestListener): Promise<number> {
    const server = http.createServer((request, response) => {
      const why = foreignPage(request);
      if (why === undefined) handler(request, response);
      else fail(response, 403, why);
    });
    server.keepAliveTimeout = 120_000;
    this.servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  }
}

function describe(request: http.IncomingMessage): RoutedRequest {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec((request.headers.host ?? '').toLowerCase()) ?? [];
  const { method = 'GET', headers } = request;
  const asked = { method, host, path: url.pathname, query: url.searchParams, headers };
  return port === undefined ? asked : { ...asked, port: Number(port) };
}

const since = (startedMs: number): number => (performance.now() - startedMs) / 1000;

function served(request: http.IncomingMessage, answer: Answer, duration: number): Served {
  return { ...answer, method: request.method ?? 'GET', duration };
}

function rfc3339(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
